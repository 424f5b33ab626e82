import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Weight } from '../../../schemas/events.ts'
import type { Line } from './line.ts'
import { Outbox, type Outgoing, type OutboxPolicy } from './outbox.ts'
import { countLosses } from './testing/loss-counts.ts'

const lineBytes = 10

const line = (weight: Weight, pos: number, over: Partial<Line> = {}): Line => ({
  room: 'r1',
  weight,
  pos,
  bytes: Buffer.alloc(lineBytes),
  occurredAt: 0,
  toUid: null,
  expiresAt: Infinity,
  liked: weight === 9 ? { eventId: `e${pos}`, roomId: 'r1', occurredAt: 0, uid: 'u', name: 'n', count: 1 } : null,
  ...over,
})

const policy: OutboxPolicy = {
  maxSignalBytes: 10 * lineBytes,
  maxCommentBytes: 5 * lineBytes,
  commentsPerLike: 2,
  withCount: (newest, count) => ({ ...newest, liked: newest.liked === null ? null : { ...newest.liked, count } }),
}

const { losses: nobodyCounts } = countLosses()

const outboxOf = (...lines: readonly Line[]): Outbox => {
  const outbox = new Outbox(policy, nobodyCounts)
  for (const one of lines) outbox.push(one)
  return outbox
}

/** For example `4:17`, `gap3`, `9:8x5` (a like at 8 that stands for 5). */
const shown = (outgoing: readonly Outgoing[]): readonly string[] =>
  outgoing.map((out) => {
    if (out.kind === 'gap') return `gap${out.gap.dropped ?? '?'}`
    const { weight, pos, liked } = out.line
    return liked === null ? `${weight}:${pos}` : `${weight}:${pos}x${liked.count}`
  })

/** Takes without a window. */
const take = (outbox: Outbox, maxBytes: number, nowMs = 0): readonly Outgoing[] =>
  outbox.take({ maxBytes, admitsBulk: () => true, nowMs })

const all = (outbox: Outbox, nowMs = 0): readonly string[] => shown(take(outbox, Infinity, nowMs))

test('weight 4 leaves before 5, 5 before the rest, whatever came first', () => {
  assert.deepEqual(all(outboxOf(line(9, 1), line(8, 1), line(5, 1), line(4, 2), line(5, 3))), [
    '4:2',
    '5:1',
    '5:3',
    '8:1',
    '9:1x1',
  ])
})

test('comments and likes take turns, so that neither starves', () => {
  const outbox = outboxOf(line(8, 1), line(8, 2), line(8, 3), line(8, 4), line(9, 1))
  assert.deepEqual(all(outbox), ['8:1', '8:2', '9:1x1', '8:3', '8:4'])
})

test('likes of a room merge into the newest one with the sum of all', () => {
  const outbox = outboxOf(line(9, 1), line(9, 2), line(9, 5))
  outbox.push(line(9, 3, { room: 'r2' }))
  assert.deepEqual(all(outbox), ['9:5x3', '9:3x1'])
})

test('the oldest comments drop when there are too many, and their number is told just there', () => {
  const outbox = new Outbox(policy, nobodyCounts)
  for (let pos = 1; pos <= 8; pos += 1) outbox.push(line(8, pos))
  outbox.trim()
  const [gap] = take(outbox, 1)
  assert.equal(gap?.bytes.toString(), '{"op":"gap","room":"r1","weight":8,"dropped":3}')
  assert.deepEqual(all(outbox), ['8:4', '8:5', '8:6', '8:7', '8:8'])
})

test('a comment longer than the bound still goes out when it is the newest', () => {
  const outbox = outboxOf(line(8, 1), line(8, 2, { bytes: Buffer.alloc(6 * lineBytes) }))
  outbox.trim()
  assert.deepEqual(all(outbox), ['gap1', '8:2'])
})

test('signals are never dropped, and how much of them waits is known', () => {
  const outbox = new Outbox(policy, nobodyCounts)
  for (let pos = 0; pos < 100; pos += 1) outbox.push(line(pos % 2 === 0 ? 4 : 5, pos))
  outbox.push(line(8, 1))
  outbox.trim(0)
  assert.equal(outbox.signalBytes, 100 * lineBytes)
  assert.equal(outbox.hasSignals, true)
  assert.equal(all(outbox).length, 101)
})

test('where memory is short fewer comments wait, but always the newest', () => {
  const outbox = outboxOf(line(8, 1), line(8, 2), line(8, 3), line(8, 4))
  outbox.trim(0.4)
  assert.deepEqual(shown(take(outbox, 1)), ['gap2'])
  outbox.trim(0)
  assert.deepEqual(all(outbox), ['gap1', '8:4'])
})

test('what was left out elsewhere is told before what follows, also when nobody knows how many', () => {
  const outbox = new Outbox(policy, nobodyCounts)
  outbox.leaveOut('r1', { weight: 8, dropped: null, reason: 'too_old' })
  outbox.leaveOut('r1', { weight: 9, dropped: null, reason: 'too_old' })
  outbox.push(line(8, 7))
  outbox.push(line(9, 7))
  const objects = take(outbox, Infinity).map(({ bytes }) => bytes.toString())
  assert.equal(objects[0], '{"op":"gap","room":"r1","weight":8}')
  assert.equal(objects[2], '{"op":"gap","room":"r1","weight":9}')
  assert.equal(outbox.isEmpty, true)
})

test('what is dropped is counted at once, by what was short', () => {
  const { losses, dropped } = countLosses()
  const outbox = new Outbox(policy, losses)
  for (let pos = 1; pos <= 8; pos += 1) outbox.push(line(8, pos))
  outbox.trim()
  assert.deepEqual(dropped, { queue_full: 3, memory_full: 0, too_many: 0, expired: 0 })
  outbox.trim(0.4)
  assert.deepEqual(dropped, { queue_full: 3, memory_full: 3, too_many: 0, expired: 0 })
  assert.deepEqual(shown(take(outbox, Infinity)), ['gap6', '8:7', '8:8'])
})

test('a gap has the reason of the first message in it; what nobody could count is in no count', () => {
  const { losses, dropped } = countLosses()
  const outbox = new Outbox({ ...policy, maxCommentBytes: lineBytes }, losses)
  outbox.leaveOut('r1', { weight: 8, dropped: null, reason: 'too_old' })
  outbox.leaveOut('r2', { weight: 8, dropped: 4, reason: 'too_many' })
  for (const room of ['r1', 'r1', 'r2', 'r2']) outbox.push(line(8, 1, { room }))
  outbox.trim()
  const gaps = take(outbox, Infinity).flatMap((out) => (out.kind === 'gap' ? [out.gap] : []))
  assert.deepEqual(gaps, [
    { weight: 8, dropped: null, reason: 'too_old' },
    { weight: 8, dropped: 5, reason: 'too_many' },
  ])
  assert.deepEqual(dropped, { queue_full: 3, memory_full: 0, too_many: 4, expired: 0 })
})

test('weights 8 and 9 leave as far as they are admitted, 4 and 5 in any case', () => {
  const outbox = outboxOf(line(8, 1), line(8, 2), line(9, 1), line(5, 1), line(4, 1))
  const asked: (readonly [number, boolean])[] = []
  const taken = outbox.take({
    maxBytes: Infinity,
    admitsBulk: (bytes, isFirst) => {
      asked.push([bytes, isFirst])
      return asked.length < 2
    },
    nowMs: 0,
  })
  assert.deepEqual(shown(taken), ['4:1', '5:1', '8:1'])
  assert.deepEqual(asked, [
    [lineBytes + 1, true],
    [2 * (lineBytes + 1), false],
  ])
  assert.equal(outbox.isEmpty, false)
})

test('a gap leaves when the comment after it may', () => {
  const outbox = new Outbox(policy, nobodyCounts)
  outbox.leaveOut('r1', { weight: 8, dropped: 3, reason: 'too_many' })
  outbox.push(line(8, 7, { bytes: Buffer.alloc(500) }))
  const within = (window: number): readonly Outgoing[] =>
    outbox.take({ maxBytes: Infinity, admitsBulk: (bytes) => bytes <= window, nowMs: 0 })
  assert.deepEqual(shown(within(500)), [])
  assert.deepEqual(shown(within(600)), ['gap3', '8:7'])
})

test('rooms take turns with their likes', () => {
  const outbox = outboxOf(line(9, 1), line(9, 2, { room: 'r2' }))
  assert.deepEqual(shown(take(outbox, 1)), ['9:1x1'])
  outbox.push(line(9, 3))
  assert.deepEqual(all(outbox), ['9:2x1', '9:3x1'])
})

test('of counts of viewers the newest waits, beside the likes', () => {
  const viewers = (time: number): Line => line(9, 0, { pos: null, liked: null, occurredAt: time })
  const { losses, merged } = countLosses()
  const outbox = new Outbox(policy, losses)
  for (const one of [viewers(1), line(9, 4), viewers(2)]) outbox.push(one)
  assert.deepEqual(merged, { counted: 0, replaced: 1 })
  assert.deepEqual(
    take(outbox, Infinity).map((out) => (out.kind === 'message' ? [out.line.pos, out.line.occurredAt] : [])),
    [
      [4, 0],
      [null, 2],
    ],
  )
  assert.equal(outbox.bytes, 0)
})

test('an invite that waited past its expiry vanishes', () => {
  const { losses, dropped } = countLosses()
  const outbox = new Outbox(policy, losses)
  for (const [pos, expiresAt] of [100, 101].entries()) outbox.push(line(4, pos + 1, { expiresAt }))
  assert.deepEqual(all(outbox, 100), ['4:2'])
  assert.equal(dropped.expired, 1)
  assert.equal(outbox.isEmpty, true)
  assert.equal(outbox.bytes, 0)
})

test('taking stops at the bound, and gives at least one', () => {
  const outbox = outboxOf(line(4, 1), line(4, 2), line(4, 3))
  assert.deepEqual(shown(take(outbox, 1)), ['4:1'])
  assert.deepEqual(shown(take(outbox, 2 * (lineBytes + 1))), ['4:2', '4:3'])
})

test('the oldest position of a room and weight is known as long as it waits', () => {
  const outbox = outboxOf(line(4, 3, { room: 'r2' }), line(4, 5), line(4, 6), line(9, 8))
  assert.deepEqual(
    ([4, 5, 8, 9] as const).map((weight) => outbox.oldestPos('r1', weight)),
    [5, undefined, undefined, 8],
  )
})

test('a room that is forgotten leaves nothing behind, and takes nothing of others with it', () => {
  const outbox = outboxOf(line(4, 1), line(5, 1, { room: 'r2' }), line(8, 1), line(9, 1))
  outbox.forget('r1')
  assert.equal(outbox.bytes, lineBytes)
  assert.deepEqual(all(outbox), ['5:1'])
  assert.equal(outbox.isEmpty, true)
})

type Step = { readonly take: number } | { readonly weight: Weight; readonly room: string; readonly count: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      weight: fc.constantFrom<Weight>(4, 5, 8, 9),
      room: fc.constantFrom('r1', 'r2'),
      count: fc.nat(5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 80 }) }) },
)

test('whatever comes and goes: order holds, signals are complete, likes add up, comments plus gaps add up', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const counts = countLosses()
      const outbox = new Outbox({ ...policy, maxSignalBytes: Infinity }, counts.losses)
      const pushed: Line[] = []
      const out: Outgoing[] = []
      for (const [pos, one] of steps.entries()) {
        if ('take' in one) {
          const waits = !outbox.isEmpty
          const taken = take(outbox, one.take)
          assert.equal(taken.length > 0, waits)
          assertWeightOrder(taken)
          out.push(...taken)
          continue
        }
        const liked = { eventId: '', roomId: one.room, occurredAt: 0, uid: '', name: '', count: one.count + 1 }
        const made = line(one.weight, pos, { room: one.room, liked: one.weight === 9 ? liked : null })
        pushed.push(made)
        outbox.push(made)
        outbox.trim()
      }
      out.push(...take(outbox, Infinity))
      assert.equal(outbox.isEmpty, true)
      assert.equal(outbox.bytes, 0)

      const sent = out.flatMap((one) => (one.kind === 'message' ? [one.line] : []))
      const positions = (lines: readonly Line[], room: string, weight: Weight): readonly number[] =>
        lines.filter((one) => one.room === room && one.weight === weight).map(({ pos }) => pos ?? -1)
      for (const room of ['r1', 'r2']) {
        for (const weight of [4, 5] as const) {
          assert.deepEqual(positions(sent, room, weight), positions(pushed, room, weight))
        }
        for (const weight of [8, 9] as const) {
          const seen = positions(sent, room, weight)
          assert.deepEqual(
            seen,
            [...new Set(seen)].toSorted((a, b) => a - b),
          )
        }
        const likes = (lines: readonly Line[]): number =>
          lines.filter((one) => one.room === room).reduce((sum, { liked }) => sum + (liked?.count ?? 0), 0)
        assert.equal(likes(sent), likes(pushed))
      }
      const dropped = out.reduce((sum, one) => sum + (one.kind === 'gap' ? (one.gap.dropped ?? 0) : 0), 0)
      const comments = (lines: readonly Line[]): number => lines.filter(({ weight }) => weight === 8).length
      assert.equal(comments(sent) + dropped, comments(pushed))
      assert.deepEqual(counts.dropped, { queue_full: dropped, memory_full: 0, too_many: 0, expired: 0 })
      const lines = (of: readonly Line[]): number => of.filter(({ weight }) => weight === 9).length
      assert.equal(lines(sent) + counts.merged.counted, lines(pushed))
    }),
  )
})

/** Of what left together: no 4 after anything else, no 5 after a comment or a like. */
const assertWeightOrder = (taken: readonly Outgoing[]): void => {
  const ranks = taken.map((one) => (one.kind === 'gap' ? 8 : Math.min(one.line.weight, 8)))
  assert.deepEqual(
    ranks,
    ranks.toSorted((a, b) => a - b),
  )
}
