import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRecords, type FoundRecord } from './compare-records.ts'

const recordAt = (offset: number, fields: object = {}): FoundRecord => ({
  offset,
  type: 'LiveEnded',
  record: { eventId: `e${offset}`, roomId: 'r1', ...fields },
})
const expected = [recordAt(0), recordAt(1), recordAt(2)]
const kindsIn = (found: readonly FoundRecord[]) =>
  compareRecords('log', expected, found).map(({ kind, where }) => `${kind}: ${where}`)

test('equal records give no difference, wherever their offsets are', () => {
  assert.deepEqual(kindsIn(expected.map((one) => ({ ...one, offset: one.offset * 2 }))), [])
})

test('a missing record is found', () => {
  assert.deepEqual(kindsIn([recordAt(0), recordAt(2)]), ['missing: log'])
})

test('a doubled record is found where it lies', () => {
  assert.deepEqual(kindsIn([...expected, { ...recordAt(1), offset: 9 }]), ['doubled: log offset 9'])
})

test('a record that nobody decided is found', () => {
  assert.deepEqual(kindsIn([...expected, recordAt(7)]), ['unexpected: log offset 7'])
})

test('records in another order are found', () => {
  assert.deepEqual(kindsIn([recordAt(0), recordAt(2), recordAt(1)]), ['reordered: log offset 1'])
})

test('a changed field is found and named, and a key in it is not told', () => {
  const rtmpUrl = 'rtmp://push/a?auth_key=1-0-0-secret'
  const [difference] = compareRecords('log', [recordAt(0, { rtmpUrl })], [recordAt(0, { rtmpUrl: `${rtmpUrl}2` })])
  assert.equal(difference?.kind, 'changed')
  assert.match(difference.what, /record\.rtmpUrl: expected .*auth_key=\*\*\*/)
  assert.doesNotMatch(difference.what, /secret/)
})

test('what was decided twice under one id must be there twice', () => {
  const twice = [recordAt(0), recordAt(0)]
  assert.deepEqual(compareRecords('log', twice, [recordAt(0), { ...recordAt(0), offset: 1 }]), [])
  assert.deepEqual(
    compareRecords('log', twice, [recordAt(0)]).map(({ kind }) => kind),
    ['missing'],
  )
})
