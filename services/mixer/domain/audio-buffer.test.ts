import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesPerSample, createAudioBuffer, sampleRate } from './audio-buffer.ts'

const samplesOf = (ms: number): number => (ms * sampleRate) / 1000
/** Sound whose samples are numbered. */
const numbered = (samples: number, from = 1): Uint8Array =>
  new Uint8Array(Uint32Array.from({ length: samples }, (_, index) => from + index).buffer)
const numbersOf = (sound: Uint8Array): readonly number[] => [...new Uint32Array(sound.slice().buffer)]

test('nothing is silence', () => {
  assert.deepEqual(numbersOf(createAudioBuffer().read(3)), [0, 0, 0])
})

test('sound is played when a little has been collected, in order', () => {
  const buffer = createAudioBuffer()
  buffer.write(numbered(samplesOf(120) - 1))
  assert.deepEqual(numbersOf(buffer.read(2)), [0, 0])
  buffer.write(numbered(1, samplesOf(120)))
  assert.deepEqual(numbersOf(buffer.read(2)), [1, 2])
  assert.deepEqual(numbersOf(buffer.read(2)), [3, 4])
})

test('where sound ends silence follows, until a little has been collected again', () => {
  const buffer = createAudioBuffer()
  buffer.write(numbered(samplesOf(120)))
  buffer.read(samplesOf(120) - 1)
  assert.deepEqual(numbersOf(buffer.read(3)), [samplesOf(120), 0, 0])
  buffer.write(numbered(10))
  assert.deepEqual(numbersOf(buffer.read(2)), [0, 0])
  buffer.write(numbered(samplesOf(120), 11))
  assert.deepEqual(numbersOf(buffer.read(2)), [1, 2])
})

test('of too much sound only the newest stays', () => {
  const buffer = createAudioBuffer()
  buffer.write(numbered(samplesOf(600)))
  assert.deepEqual(numbersOf(buffer.read(1)), [samplesOf(480) + 1])
})

test('however sound is cut and taken, no sample is torn, and none comes twice or out of order', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ write: fc.integer({ min: 1, max: 100_000 }) }),
      fc.record({ read: fc.integer({ min: 1, max: 10_000 }) }),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, (all) => {
      const buffer = createAudioBuffer()
      const sound = numbered(2_000_000 / bytesPerSample)
      let written = 0
      let last = 0
      for (const step of all) {
        if ('write' in step) {
          buffer.write(sound.subarray(written, written + step.write))
          written += step.write
          continue
        }
        for (const sample of numbersOf(buffer.read(step.read))) {
          if (sample === 0) continue
          assert.ok(sample > last && sample * bytesPerSample <= written)
          last = sample
        }
      }
    }),
    { numRuns: 50 },
  )
})
