import { runFfmpeg } from './ffmpeg.ts'
import { readPicture } from './picture.ts'
import type { Picture } from './picture.ts'
import { readSound } from './tones.ts'
import type { Sound } from './tones.ts'
import type { Size } from './test-source.ts'

/** What a look at a stream may take, when nothing else is said: a busy machine needs some seconds to begin to play. */
export const lookMs = 15_000
const soundRate = 44_100
const bytesPerSample = 2

/** How to open a stream at its newest end, without looking at more of it than needed. */
const openArgs = (url: string): readonly string[] => {
  const quickly = ['-fflags', 'nobuffer', '-analyzeduration', '1500000', '-rw_timeout', '8000000']
  return url.startsWith('rtmp:')
    ? [...quickly, '-fpsprobesize', '0', '-rtmp_live', 'live', '-i', url]
    : [...quickly, '-f', 'hls', '-live_start_index', '-1', '-i', url]
}

export type Look = {
  readonly url: string
  /** Every picture is scaled to this. */
  readonly size?: Size
  readonly deadlineMs?: number
}

/**
 * Plays a stream (`rtmp://` or HLS by `http://`) and takes pictures out of it, `secondsApart` in the stream's own time. Rejects when
 * there is no such stream, or the deadline passes.
 */
export const grabPictures = async ({
  url,
  size = { width: 320, height: 180 },
  deadlineMs = lookMs,
  count,
  secondsApart,
}: Look & { readonly count: number; readonly secondsApart: number }): Promise<readonly Picture[]> => {
  const { width, height } = size
  const frameBytes = width * height * 3
  // Each frame once, as it came: at a constant rate missing ones would be made up by doubling.
  const apart = `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${secondsApart})'`
  const filter = ['-vf', `${apart},scale=${width}:${height}`, '-vsync', 'passthrough']
  const bytes = await runFfmpeg(
    [...openArgs(url), '-an', '-frames:v', String(count), ...filter, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
    { deadlineMs, maxBytes: frameBytes * count },
  )
  if (bytes.length < frameBytes * count) throw new Error(`the stream ended before ${count} pictures had come`)
  return Array.from({ length: count }, (_, index) =>
    readPicture(bytes.subarray(index * frameBytes, (index + 1) * frameBytes), size),
  )
}

/** The newest picture of a stream. */
export const grabPicture = async (look: Look): Promise<Picture> => {
  const [picture] = await grabPictures({ ...look, count: 1, secondsApart: 1 })
  if (picture === undefined) throw new Error('no picture was grabbed')
  return picture
}

/** Some time of a stream's sound, all its channels as one. */
export const grabSound = async ({
  url,
  seconds = 1,
  deadlineMs = lookMs,
}: Omit<Look, 'size'> & { readonly seconds?: number }): Promise<Sound> => {
  // Time is counted in samples: what was read to find out the format counts in the stream's own time, and is not played.
  const part = ['-vn', '-af', 'asetpts=N/SR/TB', '-t', String(seconds)]
  const bytes = await runFfmpeg(
    [...openArgs(url), ...part, '-ac', '1', '-ar', String(soundRate), '-f', 's16le', 'pipe:1'],
    { deadlineMs, maxBytes: Math.ceil(seconds * soundRate) * bytesPerSample },
  )
  return readSound(bytes, soundRate)
}
