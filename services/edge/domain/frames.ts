const newline = Buffer.from('\n')

/** Bytes of a frame beyond which no further object is put into it. */
export const frameBytes = 64 * 1024

/** One frame of objects, parted by newlines; a single object is not copied. */
export const joinObjects = (objects: readonly { readonly bytes: Buffer }[]): Buffer => {
  const [only] = objects
  if (only !== undefined && objects.length === 1) return only.bytes
  return Buffer.concat(objects.flatMap(({ bytes }, index) => (index === 0 ? [bytes] : [newline, bytes])))
}

/**
 * Puts objects into as few frames as possible, one after the other, parted by newlines; a frame stays under `maxBytes`
 * unless one object alone is longer.
 */
export const packFrames = (objects: readonly Buffer[], maxBytes: number = frameBytes): readonly Buffer[] => {
  const frames: Buffer[] = []
  let parts: Buffer[] = []
  let bytes = 0
  for (const object of objects) {
    if (parts.length > 0 && bytes + newline.length + object.length > maxBytes) {
      frames.push(Buffer.concat(parts))
      parts = []
      bytes = 0
    }
    if (parts.length > 0) parts.push(newline)
    parts.push(object)
    bytes += object.length + newline.length
  }
  const [only] = parts
  if (only !== undefined) frames.push(parts.length === 1 ? only : Buffer.concat(parts))
  return frames
}
