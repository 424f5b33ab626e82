import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noFlow, observeFlow } from './flow.ts'

type Sight = { at: number; time: number; bytes: number; video?: boolean }

/** Whether it flows after each look. */
const flows = (sights: readonly Sight[]): readonly boolean[] => {
  let flow = noFlow
  return sights.map(({ at, time, bytes, video = true }) => {
    flow = observeFlow(flow, { client: 1, timestampMs: time, bytesIn: bytes, hasVideo: video }, at)
    return flow.isFlowing
  })
}

/** Looks every 250 ms, from `from` to `to`, at a stream that rises steadily. */
const steady = (from: number, to: number): readonly Sight[] =>
  Array.from({ length: (to - from) / 250 + 1 }, (_, nth) => from + nth * 250).map((at) => ({ at, time: at, bytes: at }))

/** The same looks at a stream that has stopped. */
const stopped = (from: number, to: number, lastMs: number): readonly Sight[] =>
  steady(from, to).map(({ at }) => ({ at, time: lastMs, bytes: lastMs }))

test('a stream flows when it has risen for a second, not earlier', () => {
  assert.deepEqual(flows(steady(0, 1_250)), [false, false, false, false, true, true])
})

test('a stream of one key frame a second flows, too', () => {
  const sights = steady(0, 2_500).map(({ at }) => ({ at, time: Math.floor(at / 1_000), bytes: Math.floor(at / 1_000) }))
  assert.equal(flows(sights).at(-1), true)
})

test('a burst at the start is no flow', () => {
  const sights = [...steady(0, 500), ...stopped(750, 4_000, 500)]
  assert.ok(!flows(sights).includes(true))
})

test('a stream that stops flows no more after two seconds, and flows again after another second', () => {
  const sights = [...steady(0, 2_000), ...stopped(2_250, 6_000, 2_000), ...steady(6_250, 7_500)]
  const changes = flows(sights).flatMap((isFlowing, nth, all) =>
    isFlowing === (all[nth - 1] ?? false) ? [] : [`${sights[nth]?.at}: ${isFlowing}`],
  )
  assert.deepEqual(changes, ['1000: true', '4000: false', '7000: true'])
})

test('a pause of less than two seconds is none', () => {
  const sights = [...steady(0, 2_000), ...stopped(2_250, 3_750, 2_000), ...steady(4_000, 5_000)]
  assert.ok(!flows(sights).slice(4).includes(false))
})

test('without a video codec nothing flows, and it flows at once when one is found late', () => {
  const sights = steady(0, 3_000).map((sight) => ({ ...sight, video: sight.at >= 2_500 }))
  assert.equal(sights[flows(sights).indexOf(true)]?.at, 2_500)
})

test('bytes without a rising timestamp are no flow, nor is a timestamp without bytes', () => {
  assert.ok(!flows(steady(0, 5_000).map((sight) => ({ ...sight, time: 7 }))).includes(true))
  assert.ok(!flows(steady(0, 5_000).map((sight) => ({ ...sight, bytes: 7 }))).includes(true))
  assert.ok(!flows(steady(0, 5_000).map((sight) => ({ ...sight, time: -sight.at }))).includes(true))
})

test('a timestamp that wraps goes on rising', () => {
  const wrapped = steady(0, 3_000).map((sight) => ({ ...sight, time: (sight.at + 2 ** 32 - 2_000) % 2 ** 32 }))
  assert.ok(!flows(wrapped).slice(4).includes(false))
  const signed = steady(0, 3_000).map((sight) => ({ ...sight, time: (sight.at + 2 ** 31 - 2_000) | 0 }))
  assert.ok(!flows(signed).slice(4).includes(false))
})

test('looks that were late do not make a flowing stream stop', () => {
  assert.deepEqual(flows([...steady(0, 1_000), ...steady(6_000, 6_250)]).slice(4), [true, true, true])
})
