/** Two channels of 16 bits. */
export const bytesPerSample = 4
export const sampleRate = 48_000

/** Sound waits for this long before it is played, so that bursts and pauses of the network are not heard. */
const targetMs = 120
/** More than this is late: the oldest is dropped until the target is left. */
const maxMs = 600

const bytesOf = (ms: number): number => ((ms * sampleRate) / 1000) * bytesPerSample

export type AudioBuffer = {
  /** Raw sound as it comes, cut anywhere. */
  readonly write: (chunk: Uint8Array) => void
  /** The next samples; silence where there are none. */
  readonly read: (samples: number) => Uint8Array
}

/**
 * The sound of one stream between its reader, which gives it in bursts, and the mix, which takes it evenly. A stream that has nothing
 * is silent until it has collected the target again; a clock that runs too fast costs a jump now and then instead of memory.
 */
export const createAudioBuffer = (): AudioBuffer => {
  const ring = new Uint8Array(bytesOf(maxMs))
  let start = 0
  let length = 0
  let isPlaying = false

  const skip = (bytes: number): void => {
    start = (start + bytes) % ring.length
    length -= bytes
  }

  const append = (part: Uint8Array): void => {
    const end = (start + length) % ring.length
    const upToEdge = part.subarray(0, ring.length - end)
    ring.set(upToEdge, end)
    ring.set(part.subarray(upToEdge.length), 0)
    length += part.length
  }

  return {
    write: (chunk) => {
      for (let from = 0; from < chunk.length;) {
        const part = chunk.subarray(from, from + ring.length - length)
        append(part)
        from += part.length
        // Whole samples only: else left and right would change places.
        if (length === ring.length) skip(ring.length - bytesOf(targetMs))
      }
    },
    read: (samples) => {
      const sound = new Uint8Array(samples * bytesPerSample)
      isPlaying ||= length >= bytesOf(targetMs)
      if (!isPlaying) return sound
      const whole = Math.min(sound.length, length - (length % bytesPerSample))
      const upToEdge = ring.subarray(start, start + whole)
      sound.set(upToEdge, 0)
      sound.set(ring.subarray(0, whole - upToEdge.length), upToEdge.length)
      skip(whole)
      isPlaying = whole === sound.length
      return sound
    },
  }
}
