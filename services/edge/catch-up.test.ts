import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { monotonicClock } from '../shared/clock.ts'
import { Fault } from '../shared/fault.ts'
import { silentLog } from '../shared/log.ts'
import { createCatchUp, type CatchUpLimits } from './catch-up.ts'
import { Ring } from './domain/ring.ts'
import type { Logged } from './logged.ts'

const rooms = ['a', 'b', 'c']

const logged = (offset: number): Logged => ({
  room: rooms[offset % rooms.length] ?? '',
  offset,
  keptAt: 0,
  bytes: 10,
  value: null,
  isRead: true,
  line: null,
  eventId: '',
  likes: 0,
})

/** Partitions whose logs are long and in memory, and whose rings begin at their ends. */
const stage = ({
  length = 50_000,
  earliest = 0,
  ringBytes = 0,
  maxBytes = Infinity,
  maxAtOnce = 4,
}: Partial<CatchUpLimits> & { length?: number; earliest?: number; ringBytes?: number }) => {
  const rings = new Map<number, Ring<Logged>>()
  const ringOf = (partition: number): Ring<Logged> => {
    const ring =
      rings.get(partition) ?? new Ring(length, { maxBytes: ringBytes, maxAgeMs: 1_000, maxForgottenRooms: 10 })
    rings.set(partition, ring)
    return ring
  }
  const reads: { readonly from: number; readonly to: number }[] = []
  let running = 0
  let most = 0
  const catchUp = createCatchUp({
    lanes: {
      of: (partition) => ({
        positions: { signal: length, comment: 0, like: 0 },
        rings: { signal: ringOf(partition), comment: ringOf(-1), like: ringOf(-2) },
      }),
    },
    signalLog: {
      read: async ({ from, to }, { maxBytes: most }) => {
        reads.push({ from, to })
        begun()
        await Promise.resolve()
        running -= 1
        if (from < earliest) throw new Fault('OFFSET_OUT_OF_RANGE', 'gone')
        if ((to - from) * 10 > most) throw new Fault('BUFFER_FULL', 'too much')
        return Array.from({ length: to - from }, (_, at) => logged(from + at))
      },
    },
    limits: { maxBytes, deadlineMs: 1_000, maxAtOnce },
    metrics: { caughtUp: () => undefined },
    clock: monotonicClock,
    log: silentLog,
  })
  const begun = (): void => {
    running += 1
    most = Math.max(most, running)
  }
  return { catchUp, reads, ringOf, mostAtOnce: () => most, length }
}

test('who waits at the same time is served by the same reads, each with all that its room has from its cursor on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ room: fc.constantFrom(...rooms), from: fc.nat(5_000) }), { minLength: 1, maxLength: 20 }),
      async (wanted) => {
        const { catchUp, reads, length } = stage({ length: 5_000 })
        const all = await Promise.all(wanted.map(({ room, from }) => catchUp.readBack(0, room, from)))
        for (const [index, { room, from }] of wanted.entries()) {
          const caught = all[index]
          assert.ok(caught)
          assert.deepEqual([caught.start, caught.end], [from, length])
          const expected = Array.from({ length: length - from }, (_, at) => logged(from + at)).filter(
            (one) => one.room === room,
          )
          assert.deepEqual(
            caught.messages.map(({ offset }) => offset),
            expected.map(({ offset }) => offset),
          )
        }
        // The first one is alone; the others wait for the next round.
        assert.ok(reads.length <= 2, `${reads.length}`)
      },
    ),
    { numRuns: 20 },
  )
})

test('somebody who was away for long neither delays nor fails those who were not', async () => {
  const { catchUp, reads } = stage({ maxBytes: 200_000 })
  const first = catchUp.readBack(0, 'a', 49_999)
  const served: string[] = []
  const far = catchUp.readBack(0, 'a', 10).finally(() => served.push('far'))
  const near = catchUp.readBack(0, 'b', 49_000).finally(() => served.push('near'))
  assert.deepEqual(
    [await first, await far, await near].map((caught) => caught !== null),
    [true, false, true],
  )
  assert.deepEqual(served, ['near', 'far'])
  const before = reads.length
  assert.equal(await catchUp.readBack(0, 'a', 10), null)
  assert.equal(reads.length, before, 'what was too much is not tried again')
})

test('what is gone from the log fails those alone who need it', async () => {
  const { catchUp } = stage({ earliest: 45_000 })
  const first = catchUp.readBack(0, 'a', 49_000)
  const others = [catchUp.readBack(0, 'a', 10), catchUp.readBack(0, 'b', 48_000)]
  const all = await Promise.all([first, ...others])
  assert.deepEqual(
    all.map((caught) => caught !== null),
    [true, false, true],
  )
})

test('what was read goes to the ring, which then serves the next ones', async () => {
  const { catchUp, ringOf, reads } = stage({ ringBytes: 100_000 })
  await catchUp.readBack(0, 'a', 45_000)
  assert.equal(ringOf(0).completeFrom('a'), 45_000)
  await catchUp.readBack(0, 'a', 40_500)
  assert.deepEqual(reads, [
    { from: 45_000, to: 50_000 },
    { from: 40_500, to: 45_000 },
  ])
})

test('few partitions are read at once', async () => {
  const { catchUp, mostAtOnce } = stage({ maxAtOnce: 2 })
  const all = Array.from({ length: 10 }, (_, partition) => catchUp.readBack(partition, 'a', 30_000))
  for (const caught of await Promise.all(all)) {
    const offsets = caught?.messages.map(({ offset }) => offset) ?? []
    assert.equal(offsets.length, Math.ceil(20_000 / rooms.length))
    assert.ok(
      offsets.every((offset, at) => at === 0 || offset > (offsets[at - 1] ?? 0)),
      'in the order of the log',
    )
  }
  assert.equal(mostAtOnce(), 2)
})
