const newline = Buffer.from('\n')

/** Bytes of a frame beyond which no further line is put into it. */
export const frameBytes = 64 * 1024

/**
 * Puts lines into as few frames as possible, one line each in a row, parted by newlines; a frame stays under `maxBytes`
 * unless one line alone is longer.
 */
export const packFrames = (lines: readonly Buffer[], maxBytes: number = frameBytes): readonly Buffer[] => {
  const frames: Buffer[] = []
  let parts: Buffer[] = []
  let bytes = 0
  for (const line of lines) {
    if (parts.length > 0 && bytes + newline.length + line.length > maxBytes) {
      frames.push(Buffer.concat(parts))
      parts = []
      bytes = 0
    }
    if (parts.length > 0) parts.push(newline)
    parts.push(line)
    bytes += line.length + newline.length
  }
  const [only] = parts
  if (only !== undefined) frames.push(parts.length === 1 ? only : Buffer.concat(parts))
  return frames
}
