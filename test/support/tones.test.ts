import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSound, sineOf, toneStrength } from './tones.ts'
import type { Sound } from './tones.ts'

const sampleRate = 44_100
const tone = (toneHz: number, amplitude: number) => sineOf({ toneHz, amplitude, seconds: 0.5, sampleRate })
const together = (one: Sound, other: Sound): Sound => ({
  samples: one.samples.map((sample, index) => sample + (other.samples[index] ?? 0)),
  sampleRate,
})

test('the strength of a tone is its amplitude, alone and beside another', () => {
  const both = together(tone(440, 0.4), tone(880, 0.1))
  assert.ok(Math.abs(toneStrength(tone(440, 0.4), 440) - 0.4) < 0.01)
  assert.ok(Math.abs(toneStrength(both, 440) - 0.4) < 0.01)
  assert.ok(Math.abs(toneStrength(both, 880) - 0.1) < 0.01)
})

test('a tone that is not there has no strength, nor has silence', () => {
  assert.ok(toneStrength(tone(440, 0.9), 880) < 0.001)
  assert.ok(toneStrength(tone(440, 0.9), 660) < 0.001)
  assert.equal(toneStrength({ samples: new Float32Array(1_000), sampleRate }, 440), 0)
  assert.equal(toneStrength({ samples: new Float32Array(), sampleRate }, 440), 0)
})

test('samples are read from little-endian bytes, also from the middle of a buffer', () => {
  const bytes = Uint8Array.from([9, 0x00, 0x80, 0x00, 0x40, 7]).subarray(1)
  assert.deepEqual([...readSound(bytes, sampleRate).samples], [-1, 0.5])
})
