import { sampleRate } from '../domain/audio-buffer.ts'
import { createFrameCutter } from '../domain/frames.ts'
import type { ReaderEnd, ReaderRequest, StartReader } from '../domain/media.ts'
import { words } from './ffmpeg.ts'
import type { StartFfmpeg } from './ffmpeg.ts'

/** A source that sends nothing for so long has ended its reader. */
const silentUs = 5_000_000

/**
 * Starts one ffmpeg process per reader: it decodes `SOURCE_URL/ROOM`, scales and crops each picture to the size asked for, and writes
 * what comes, without doubling a frame to keep a rate.
 */
export const createStartReader =
  ({
    startFfmpeg,
    sourceUrl,
    frameRate,
  }: {
    readonly startFfmpeg: StartFfmpeg
    readonly sourceUrl: string
    readonly frameRate: number
  }): StartReader =>
  (request) => {
    const { pool, withAudio, onFrame, onAudio } = request
    const process = startFfmpeg(argsOf(request, sourceUrl, frameRate), withAudio ? 2 : 1)
    const cutter = createFrameCutter(pool, onFrame)
    process.pipe(1).on('data', cutter.push)
    if (withAudio) process.pipe(3).on('data', onAudio)
    return {
      ended: process.ended.then(reasonOf),
      kill: () => process.signal('SIGKILL'),
    }
  }

const argsOf = (
  { roomId, size: { width, height }, withAudio, lookForMs }: ReaderRequest,
  sourceUrl: string,
  frameRate: number,
): readonly string[] => {
  const fill = `scale=${width}:${height}:force_original_aspect_ratio=increase,crop=${width}:${height},setsar=1`
  return [
    // What was read to find out the formats is decoded, too: without it the first picture would be that of the next key frame.
    ...words('-threads 1 -filter_threads 1 -flags low_delay -fpsprobesize 0'),
    // Where only pictures are wanted, the first packet is a key frame and says everything.
    ...words(withAudio ? `-analyzeduration ${lookForMs * 1000}` : '-probesize 32'),
    ...words(`-rw_timeout ${silentUs} -rtmp_live live -i`),
    `${sourceUrl}/${roomId}`,
    ...words(`-map 0:v:0 -vf ${fill} -pix_fmt yuv420p`),
    // At most the mix's rate: more would be thrown away.
    ...words(`-fps_mode vfr -r ${frameRate} -threads 1 -f rawvideo pipe:1`),
    ...(withAudio ? words(`-map 0:a:0 -ac 2 -ar ${sampleRate} -f s16le pipe:3`) : []),
  ]
}

/** Why a reader ended, by what it said last. */
export const reasonOf = (said: string): ReaderEnd => {
  if (/No such stream/.test(said)) return 'no-stream'
  if (/'0:v:0' matches no streams/.test(said)) return 'no-video'
  if (/'0:a:0' matches no streams/.test(said)) return 'no-audio'
  return 'failed'
}
