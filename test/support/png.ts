import { writeFile } from 'node:fs/promises'
import { runFfmpeg } from './ffmpeg.ts'
import type { Picture } from './picture.ts'

const encodeWithinMs = 10_000
const maxBytes = 4 * 1024 * 1024

/** Writes a picture as a PNG file. */
export const savePicture = async (picture: Picture, file: string): Promise<void> => {
  const { width, height, at } = picture
  const rgb = Uint8Array.from(
    Array.from({ length: width * height }, (_, index) => at(index % width, Math.floor(index / width))).flat(),
  )
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-i', 'pipe:0']
  const png = await runFfmpeg([...raw, '-f', 'image2pipe', '-c:v', 'png', 'pipe:1'], {
    deadlineMs: encodeWithinMs,
    maxBytes,
    input: rgb,
  })
  await writeFile(file, png)
}
