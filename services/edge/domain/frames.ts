const newline = Buffer.from('\n')
const empty = Buffer.alloc(0)

/** Bytes of a frame beyond which no further object is put into it. */
export const frameBytes = 64 * 1024

/** One frame of objects, parted by newlines; a single object is not copied. Of nothing it is empty. */
export const joinObjects = (objects: readonly Buffer[]): Buffer => {
  const [only = empty] = objects
  if (objects.length < 2) return only
  return Buffer.concat(objects.flatMap((object, index) => (index === 0 ? [object] : [newline, object])))
}

/**
 * Puts objects into as few frames as possible, one after the other, parted by newlines; a frame stays under `maxBytes`
 * unless one object alone is longer.
 */
export const packFrames = (objects: readonly Buffer[], maxBytes: number = frameBytes): readonly Buffer[] => {
  const frames: Buffer[] = []
  let together: Buffer[] = []
  let bytes = 0
  for (const object of objects) {
    if (together.length > 0 && bytes + object.length > maxBytes) {
      frames.push(joinObjects(together))
      together = []
      bytes = 0
    }
    together.push(object)
    bytes += object.length + newline.length
  }
  if (together.length > 0) frames.push(joinObjects(together))
  return frames
}
