/** The bytes of one raw picture, which several readers may hold; given back when the last one releases it. */
export type Frame = {
  readonly bytes: Uint8Array
  /** One more holder. Only while there is one. */
  readonly hold: () => void
  readonly release: () => void
}

/** Frames of one size that are used again and again, so that video does not become garbage at megabytes a second. */
export type FramePool = { readonly take: () => Frame }

/** How many unused frames are kept. More can be in use: their holders have the limits. */
const maxIdle = 8

export const createFramePool = (frameBytes: number): FramePool => {
  const idle: Uint8Array[] = []
  return {
    take: () => {
      const bytes = idle.pop() ?? new Uint8Array(frameBytes)
      let holders = 1
      return {
        bytes,
        hold: () => {
          holders += 1
        },
        release: () => {
          holders -= 1
          if (holders === 0 && idle.length < maxIdle) idle.push(bytes)
        },
      }
    },
  }
}

/** A black picture in the pixel format yuv420p: brightness 16, then a quarter of each colour at its middle. It is never reused. */
export const blackFrame = (pixels: number): Frame => {
  const bytes = new Uint8Array((pixels * 3) / 2).fill(128)
  bytes.fill(16, 0, pixels)
  return { bytes, hold: () => {}, release: () => {} }
}

/**
 * Cuts a stream of bytes into frames of the pool's size. `onFrame` gets each complete one, as its holder; an incomplete one at the end
 * is never seen.
 */
export const createFrameCutter = (
  pool: FramePool,
  onFrame: (frame: Frame) => void,
): { readonly push: (chunk: Uint8Array) => void } => {
  let frame: Frame | undefined
  let filled = 0
  return {
    push: (chunk) => {
      for (let from = 0; from < chunk.length;) {
        frame ??= pool.take()
        const part = chunk.subarray(from, from + frame.bytes.length - filled)
        frame.bytes.set(part, filled)
        filled += part.length
        from += part.length
        if (filled < frame.bytes.length) return
        const complete = frame
        frame = undefined
        filled = 0
        onFrame(complete)
      }
    },
  }
}
