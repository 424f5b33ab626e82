import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterEnd, isFinal } from './backoff.ts'

const backoff = { baseMs: 500, maxMs: 30_000 }

test('from 4500 to 4999 nobody comes back, after anything else everybody', () => {
  for (const code of [0, 1000, 1001, 1006, 1011, 4000, 4001, 4002, 4003, 4004, 4005, 4499, 5000]) {
    assert.equal(afterEnd({ code, failures: 3 }, backoff, 0.5).kind, 'retry', `${code}`)
  }
  for (const code of [4500, 4501, 4503, 4999]) {
    assert.deepEqual(afterEnd({ code, failures: 0 }, backoff, 0.5), { kind: 'stop' })
    assert.equal(isFinal(code), true)
  }
})

test('the wait is anything up to a limit that doubles with every failure, until it is the longest', () => {
  const longest = Array.from({ length: 9 }, (_, failures) => afterEnd({ code: 1006, failures }, backoff, 1))
  assert.deepEqual(
    longest.map((verdict) => (verdict.kind === 'retry' ? verdict.afterMs : null)),
    [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000],
  )
  assert.deepEqual(afterEnd({ code: 1006, failures: 5_000 }, backoff, 0.5), { kind: 'retry', afterMs: 15_000 })
  assert.deepEqual(afterEnd({ code: 1006, failures: 8 }, backoff, 0), { kind: 'retry', afterMs: 0 })
})

test('a token that ran out is replaced without a wait, but not again and again', () => {
  assert.deepEqual(afterEnd({ code: 4005, failures: 0 }, backoff, 1), { kind: 'retry', afterMs: 0 })
  assert.deepEqual(afterEnd({ code: 4005, failures: 1 }, backoff, 1), { kind: 'retry', afterMs: 1_000 })
})
