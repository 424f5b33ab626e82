import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReports } from './reports.ts'

const expiryMs = 60_000
const at = (now: number, isWanted = true) => ({ at: now, now, isWanted })

test('the newest report of each instance counts', () => {
  const reports = createReports({ expiryMs, maxReports: 10 })
  assert.equal(reports.take({ room: 'a', instance: 'x', viewers: 2 }, at(0)), true)
  assert.equal(reports.take({ room: 'a', instance: 'y', viewers: 3 }, at(0)), true)
  assert.equal(reports.take({ room: 'b', instance: 'x', viewers: 1 }, at(0)), true)
  assert.deepEqual([reports.sum('a'), reports.sum('b'), reports.sum('c')], [5, 1, 0])
  assert.equal(reports.take({ room: 'a', instance: 'x', viewers: 7 }, at(1)), true)
  assert.equal(reports.take({ room: 'a', instance: 'x', viewers: 7 }, at(2)), false, 'a refresh changes nothing')
  assert.equal(reports.sum('a'), 10)
  assert.equal(reports.take({ room: 'a', instance: 'x', viewers: 0 }, at(3)), true)
  assert.deepEqual([reports.sum('a'), reports.size()], [3, 2])
})

test('an instance that has not refreshed for a minute counts no longer', () => {
  const reports = createReports({ expiryMs, maxReports: 10 })
  reports.take({ room: 'a', instance: 'x', viewers: 2 }, at(0))
  reports.take({ room: 'a', instance: 'y', viewers: 3 }, at(0))
  reports.take({ room: 'a', instance: 'y', viewers: 3 }, at(20_000))
  assert.deepEqual([...reports.expire(59_000)], [])
  assert.deepEqual([...reports.expire(60_000)], ['a'])
  assert.equal(reports.sum('a'), 3)
  assert.deepEqual([...reports.expire(79_000)], [])
  assert.deepEqual([...reports.expire(80_000)], ['a'])
  assert.deepEqual([reports.sum('a'), reports.size()], [0, 0])
})

test('a report that was old when it was read expires so much sooner, and not at all counts one that is too old', () => {
  const reports = createReports({ expiryMs, maxReports: 10 })
  reports.take({ room: 'a', instance: 'x', viewers: 2 }, { at: 50_000, now: 100_000, isWanted: true })
  assert.equal(
    reports.take({ room: 'a', instance: 'y', viewers: 2 }, { at: 40_000, now: 100_000, isWanted: true }),
    false,
  )
  assert.equal(reports.sum('a'), 2)
  assert.deepEqual([...reports.expire(110_000)], ['a'])
})

test('one that left and came back does not expire with its former report', () => {
  const reports = createReports({ expiryMs, maxReports: 10 })
  for (const [viewers, now] of [
    [2, 0],
    [0, 10_000],
    [1, 30_000],
  ] as const) {
    reports.take({ room: 'a', instance: 'x', viewers }, at(now))
  }
  assert.deepEqual([...reports.expire(60_000)], [])
  assert.equal(reports.sum('a'), 1)
})

test('no more reports are kept than there may be, but for rooms that somebody watches', () => {
  const reports = createReports({ expiryMs, maxReports: 2 })
  for (const instance of ['x', 'y', 'z']) reports.take({ room: 'a', instance, viewers: 1 }, at(0, false))
  assert.deepEqual([reports.sum('a'), reports.size()], [2, 2])
  assert.equal(reports.take({ room: 'a', instance: 'x', viewers: 4 }, at(1, false)), true, 'a known one is renewed')
  assert.equal(reports.take({ room: 'b', instance: 'z', viewers: 1 }, at(2, true)), true)
  assert.deepEqual([reports.sum('a'), reports.sum('b'), reports.size()], [5, 1, 3])
})
