import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lanes, OpenLanes } from './adapters/lanes.ts'
import type { Line } from './domain/line.ts'
import { Ring } from './domain/ring.ts'
import type { Logged } from './logged.ts'
import { createProgress } from './progress.ts'
import { createResumes, type Course, type Missed } from './resumes.ts'

const limits = { maxBytes: 1_000_000, maxAgeMs: 1_000, maxForgottenRooms: 10 }
const room = { roomId: 'r1', partition: 0, uid: 'me' }
const epoch = 'c.1'
const never = new AbortController().signal

const logged = (offset: number, over: Partial<Line> = {}): Logged => {
  const bytes = Buffer.alloc(10)
  const line: Line = {
    room: 'r1',
    weight: 5,
    pos: offset,
    bytes,
    occurredAt: 0,
    toUid: null,
    expiresAt: Infinity,
    liked: null,
    ...over,
  }
  return { room: 'r1', offset, keptAt: 0, bytes: 10, value: null, isRead: true, line, eventId: '', likes: 0 }
}

/** An edge that has read its lanes up to some positions. */
const stage = (over: { signal?: number; comment?: number; end?: number } = {}) => {
  const positions = { signal: over.signal ?? 10, comment: over.comment ?? 10, like: 0 }
  const rings = {
    signal: new Ring<Logged>(0, limits),
    comment: new Ring<Logged>(0, limits),
    like: new Ring<Logged>(0, limits),
  }
  const open: OpenLanes = { positions, rings }
  const progress = createProgress()
  const lanes: Pick<Lanes, 'of' | 'passed'> = {
    of: () => open,
    passed: (_, offset, signal) => progress.until(() => positions.signal > offset, signal),
  }
  const resumes = createResumes({
    lanes,
    signalLog: { bounds: async () => ({ earliest: 0, highWatermark: over.end ?? 20 }) },
    catchUp: { readBack: async () => null },
    reader: { read: () => undefined, lineOf: ({ line }) => line },
    withCount: (line) => line,
    maxSignalBytes: 100,
    maxCommentBytes: 25,
    clock: { now: () => 1_000 },
  })
  const readTo = (offset: number): void => {
    for (let next = positions.signal; next < offset; next += 1) rings.signal.append(logged(next))
    positions.signal = offset
    progress.moved()
  }
  const plan = (first: number, second: number, more: Readonly<Record<string, number>> = {}) =>
    resumes.plan({ ...room, epoch, resume: { epoch, positions: { 4: first, 5: second, ...more } } }, never)
  const given = (course: Course): Missed => {
    assert.ok(course.recovered)
    const found = resumes.missed(course, room, never)
    assert.ok(typeof found === 'object' && !(found instanceof Promise))
    return found
  }
  const missed = async (
    first: number,
    second: number,
    more: Readonly<Record<string, number>> = {},
  ): Promise<Missed> => {
    return given(await plan(first, second, more))
  }
  return { plan, given, missed, readTo, rings }
}

const positionsOf = ({ lines }: Missed): readonly (number | null)[] => lines.map(({ pos }) => pos)

test('an edge that is behind the cursor waits until it is there, and gives nothing of before again', async () => {
  const { missed, readTo } = stage({ signal: 10 })
  let isThere = false
  const answer = missed(14, 12).finally(() => (isThere = true))
  readTo(14)
  await new Promise(setImmediate)
  assert.equal(isThere, false)
  readTo(16)
  assert.deepEqual(positionsOf(await answer), [13, 14, 15])
})

test('what the lane has kept but not given to anybody yet is not missed: it comes to all', async () => {
  const { missed, rings } = stage({ signal: 2 })
  for (const offset of [0, 1, 2]) rings.signal.append(logged(offset))
  assert.deepEqual(positionsOf(await missed(-1, -1)), [0, 1])
})

test('weights 4 and 5 are each gone on with behind their own cursor', async () => {
  const { missed, rings } = stage()
  for (const [offset, weight] of ([4, 5, 4, 5] as const).entries()) rings.signal.append(logged(offset, { weight }))
  assert.deepEqual(positionsOf(await missed(1, -1)), [1, 2, 3])
  assert.deepEqual(positionsOf(await missed(-1, 1)), [0, 2, 3])
})

test('a cursor of comments that is beyond their log is none', async () => {
  const { plan } = stage({ comment: 10, end: 20 })
  const cursorOf = async (comments: number): Promise<number | null> => {
    const course = await plan(5, 5, { 8: comments })
    assert.ok(course.recovered)
    return course.cursors[8]
  }
  assert.deepEqual([await cursorOf(9), await cursorOf(19), await cursorOf(20)], [9, 19, null])
})

test('of missed comments the newest are given, and the others counted', async () => {
  const { missed, rings } = stage()
  for (const offset of [0, 1, 2, 3]) rings.comment.append(logged(offset, { weight: 8 }))
  const found = await missed(5, 5, { 8: 0 })
  assert.deepEqual(positionsOf(found), [2, 3])
  assert.deepEqual(found.gaps, [{ weight: 8, dropped: 1, reason: 'too_many' }])
})

test('what the ring drops while the rest is prepared is not lost', async () => {
  const { plan, given, rings, readTo } = stage({ signal: 0 })
  readTo(3)
  const course = await plan(-1, -1)
  assert.ok(course.recovered)
  rings.signal.expire(Infinity)
  readTo(5)
  assert.deepEqual(positionsOf(given(course)), [0, 1, 2, 3, 4])
  rings.signal.expire(Infinity)
  readTo(6)
  assert.deepEqual(positionsOf(given(course)), [0, 1, 2, 3, 4, 5])
})

test('what cannot be read back is not recovered', async () => {
  const { plan, rings } = stage()
  rings.signal.append(logged(3))
  rings.signal.expire(Infinity)
  assert.deepEqual(await plan(2, 2), { recovered: false, why: 'too_old' })
  assert.equal((await plan(3, 3)).recovered, true)
})
