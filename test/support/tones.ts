/** Sound of one channel: samples from -1 to 1. */
export type Sound = { readonly samples: Float32Array; readonly sampleRate: number }

/** Sound of raw bytes: `s16le`, one channel. An odd last byte is passed over. */
export const readSound = (bytes: Uint8Array, sampleRate: number): Sound => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const samples = Float32Array.from(
    { length: Math.floor(bytes.byteLength / 2) },
    (_, index) => view.getInt16(index * 2, true) / 32_768,
  )
  return { samples, sampleRate }
}

/** A pure tone. */
export const sineOf = ({
  toneHz,
  amplitude,
  seconds,
  sampleRate,
}: {
  readonly toneHz: number
  readonly amplitude: number
  readonly seconds: number
  readonly sampleRate: number
}): Sound => ({
  samples: Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, index) => amplitude * Math.sin((2 * Math.PI * toneHz * index) / sampleRate),
  ),
  sampleRate,
})

/**
 * How loud a tone is in a sound: about its amplitude, 0 to 1. By Goertzel's algorithm, one bin of the Fourier transform
 * (https://en.wikipedia.org/wiki/Goertzel_algorithm), over a Hann window, so that a neighbouring loud tone does not leak into it.
 */
export const toneStrength = ({ samples, sampleRate }: Sound, toneHz: number): number => {
  const coefficient = 2 * Math.cos((2 * Math.PI * toneHz) / sampleRate)
  let last = 0
  let beforeLast = 0
  for (const [index, sample] of samples.entries()) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / samples.length)
    const next = sample * window + coefficient * last - beforeLast
    beforeLast = last
    last = next
  }
  const power = last * last + beforeLast * beforeLast - coefficient * last * beforeLast
  // A sine of amplitude 1 sums up to half the samples, and the window leaves half of that.
  return samples.length === 0 ? 0 : (4 * Math.sqrt(Math.max(0, power))) / samples.length
}
