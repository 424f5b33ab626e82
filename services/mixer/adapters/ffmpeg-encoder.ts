import { sampleRate } from '../domain/audio-buffer.ts'
import type { Frame } from '../domain/frames.ts'
import type { Size } from '../domain/layout.ts'
import type { EncoderRequest, Moment, StartEncoder } from '../domain/media.ts'
import { words } from './ffmpeg.ts'
import type { StartFfmpeg } from './ffmpeg.ts'

/** An encoder that was told to finish gets so long to do it, and once more after SIGTERM. */
const finishWithinMs = 1_500
const serverSilentUs = 5_000_000

/**
 * Starts one ffmpeg process per mix: it takes both pictures and both sounds from pipes, puts them together and publishes the result as
 * `MIX_URL/ROOM` and the suffix. It connects to the media server when the first moment has come.
 */
export const createStartEncoder =
  ({
    startFfmpeg,
    mixUrl,
    mixSuffix,
    frameRate,
    now,
  }: {
    readonly startFfmpeg: StartFfmpeg
    readonly mixUrl: string
    readonly mixSuffix: string
    readonly frameRate: number
    /** Milliseconds of a monotonic clock. */
    readonly now: () => number
  }): StartEncoder =>
  (request) => {
    const process = startFfmpeg(argsOf(request, `${mixUrl}/${request.roomId}${mixSuffix}`, frameRate), 5)
    const pipes = [3, 4, 5, 6].map(process.pipe)
    process.pipe(1).on('data', (chunk: Uint8Array) => {
      const frames = framesOf(String(chunk))
      if (frames !== undefined) request.onPublished(frames)
    })

    let pending = 0
    let lastTakenAtMs = now()
    const send = ({ main, other }: Moment): void => {
      const held: readonly Frame[] = [main.frame, other.frame]
      for (const frame of held) frame.hold()
      // It has kept up, so its time begins now.
      if (pending === 0) lastTakenAtMs = now()
      pending += 1
      let left = pipes.length
      const taken = (error?: Error | null): void => {
        left -= 1
        if (error === undefined || error === null) lastTakenAtMs = now()
        if (left > 0) return
        pending -= 1
        for (const frame of held) frame.release()
      }
      const parts = [main.frame.bytes, other.frame.bytes, main.sound, other.sound]
      for (const [index, pipe] of pipes.entries()) pipe.write(parts[index] ?? new Uint8Array(), taken)
    }

    const finish = async (): Promise<void> => {
      for (const pipe of pipes) pipe.end()
      const term = setTimeout(() => process.signal('SIGTERM'), finishWithinMs)
      const kill = setTimeout(() => process.signal('SIGKILL'), 2 * finishWithinMs)
      await process.ended
      clearTimeout(term)
      clearTimeout(kill)
    }

    return {
      send,
      pending: () => pending,
      lastTakenAtMs: () => lastTakenAtMs,
      ended: process.ended,
      finish,
      kill: () => process.signal('SIGKILL'),
    }
  }

const argsOf = ({ layout }: EncoderRequest, url: string, frameRate: number): readonly string[] => {
  const known = '-probesize 32 -analyzeduration 0 -fpsprobesize 0'
  const picture = ({ width, height }: Size, pipe: number): string =>
    `${known} -f rawvideo -pixel_format yuv420p -video_size ${width}x${height} -framerate ${frameRate} -i pipe:${pipe}`
  const sound = (pipe: number): string =>
    `${known} -thread_queue_size 64 -f s16le -ar ${sampleRate} -ac 2 -i pipe:${pipe}`
  return [
    ...words('-progress pipe:1 -stats_period 0.25 -filter_threads 1 -filter_complex_threads 1'),
    ...words(`${picture(layout.main, 3)} ${picture(layout.other, 4)} ${sound(5)} ${sound(6)}`),
    ...words(`-filter_complex ${layout.filter};[2:a][3:a]amix=inputs=2[sound] -map [mixed] -map [sound]`),
    ...words('-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -threads 1 -fps_mode passthrough'),
    // A key frame every second: so soon a player has a picture, and so short can a fragment of HLS be.
    ...words(`-g ${frameRate} -keyint_min ${frameRate} -sc_threshold 0 -b:v 1200k -maxrate 1200k -bufsize 1200k`),
    ...words(`-c:a aac -b:a 96k -ar ${sampleRate} -ac 2`),
    ...words(`-rw_timeout ${serverSilentUs} -flvflags no_duration_filesize -f flv`),
    url,
  ]
}

/** The newest count of frames in a report of ffmpeg's `-progress`. */
export const framesOf = (report: string): number | undefined => {
  const counts = [...report.matchAll(/^frame=\s*(\d+)$/gm)]
  const last = counts.at(-1)?.[1]
  return last === undefined ? undefined : Number(last)
}
