import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileOf, incompatibilities, type Records } from './compatibility.ts'
import { fullNameOf, readRecords, type AvroField, type AvroRecord } from './records.ts'

const record = (name: string, fields: readonly AvroField[]): AvroRecord => ({
  type: 'record',
  name,
  namespace: 'roomcast.push',
  doc: 'for a test',
  fields,
})
const set = (...records: readonly AvroRecord[]): Records => new Map(records.map((one) => [fullNameOf(one), one]))

const uid: AvroField = { name: 'uid', type: 'string' }
const count: AvroField = { name: 'count', type: 'int', default: 1 }
const at: AvroField = { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } }
const released = set(record('MixLiked', [uid, count, at]))

const refusals = (now: Records, before: Records = released): readonly string[] =>
  incompatibilities(before, now).map(({ file, field, why }) => `${file} ${field ?? '-'}: ${why}`)

test('the current records are compatible with themselves', () => {
  assert.deepEqual(refusals(readRecords(), readRecords()), [])
})

test('a field with a default may be added, removed and moved, a doc changed, a record added', () => {
  const note: AvroField = { name: 'note', type: ['null', 'string'], default: null }
  const renamedDoc = { ...uid, type: { type: 'string' }, doc: 'another doc' }
  assert.deepEqual(refusals(set(record('MixLiked', [note, at, renamedDoc]), record('New', [uid]))), [])
})

test('a field added without a default is refused', () => {
  assert.deepEqual(refusals(set(record('MixLiked', [uid, count, at, { name: 'name', type: 'string' }]))), [
    'mix-liked.avsc name: added without a default: records of the released schema lack it',
  ])
})

test('a field removed that had no default is refused', () => {
  assert.deepEqual(refusals(set(record('MixLiked', [count, at]))), [
    'mix-liked.avsc uid: removed, and had no default: readers of the released schema need it',
  ])
})

test('a renamed field is refused, an alias does not help readers of the released schema', () => {
  const renamed = { name: 'userId', type: 'string', aliases: ['uid'] }
  assert.equal(refusals(set(record('MixLiked', [renamed, count, at]))).length, 2)
})

for (const [what, type] of [
  ['another primitive', 'long'],
  ['nullable', ['null', 'int']],
  ['an array', { type: 'array', items: 'int' }],
] as const) {
  test(`a field whose type becomes ${what} is refused`, () => {
    const [refusal, ...more] = refusals(set(record('MixLiked', [uid, { ...count, type, default: 1 }, at])))
    assert.match(refusal ?? '', /^mix-liked\.avsc count: its type was "int", and is /)
    assert.deepEqual(more, [])
  })
}

test('another logical type is refused, though Avro does not compare them', () => {
  const micros = { ...at, type: { type: 'long', logicalType: 'timestamp-micros' } }
  assert.match(refusals(set(record('MixLiked', [uid, count, micros])))[0] ?? '', /^mix-liked\.avsc at: its type was/)
})

test('a record that is removed or renamed is refused', () => {
  assert.deepEqual(refusals(set(record('Applauded', [uid, count, at]))), [
    'mix-liked.avsc -: roomcast.push.MixLiked was released, and is removed or renamed',
  ])
})

test('a record within another one is held to the same rules, and reported in its own file', () => {
  const outer = record('Outer', [{ name: 'inner', type: ['null', 'roomcast.push.Inner'], default: null }])
  const before = set(outer, record('Inner', [uid]))
  const after = set(outer, record('Inner', [uid, { name: 'name', type: 'string' }]))
  assert.deepEqual(refusals(after, before), [
    'inner.avsc name: added without a default: records of the released schema lack it',
  ])
})

test('a default that does not fit its type is refused', () => {
  const bad: AvroField = { name: 'note', type: ['null', 'string'], default: 'x' }
  assert.match(refusals(set(record('MixLiked', [uid, count, at, bad])))[0] ?? '', /incompatible field default/)
})

test('an enum that loses a symbol is refused', () => {
  const kind = (symbols: readonly string[]): AvroField => ({
    name: 'kind',
    type: { type: 'enum', name: 'Kind', symbols } as { type: string },
  })
  assert.equal(refusals(set(record('A', [kind(['a'])])), set(record('A', [kind(['a', 'b'])]))).length, 1)
})

test('each record stands in the file of its name', () => {
  const files = readdirSync(new URL('./', import.meta.url)).filter((name) => name.endsWith('.avsc'))
  assert.deepEqual([...readRecords().values()].map(fileOf).toSorted(), files.toSorted())
})
