import avro from 'avsc'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRecords, type AvroRecord } from '../../../schemas/records.ts'
import { arbitraryRecord } from '../../../test/support/arbitrary-record.ts'
import { localTypes, typeHook, typeOf } from './avro.ts'

const record = (fields: AvroRecord['fields']): AvroRecord => ({
  type: 'record',
  name: 'Sample',
  namespace: 'roomcast.test',
  doc: '',
  fields,
})
const numbers = typeOf(record([{ name: 'numbers', type: { type: 'array', items: 'int' } }]))
const byName = typeOf(record([{ name: 'byName', type: { type: 'map', values: 'string' } }]))
const long = (value: number): Buffer => avro.Type.forSchema('long').toBuffer(value)

/** A long as Avro writes it, of any size. */
const zigzag = (value: bigint): Buffer => {
  const bytes: number[] = []
  let rest = value < 0n ? -2n * value - 1n : 2n * value
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

test('every record of schemas/ comes back as it was, as plain objects', () => {
  const records = readRecords()
  for (const { fullName, type } of localTypes().values()) {
    const property = fc.property(arbitraryRecord(fullName, records), (value) => {
      assert.deepEqual(type.fromBuffer(type.toBuffer(value)), value)
    })
    fc.assert(property, { numRuns: 20 })
  }
})

test('any bytes are read or refused, and never for long: a count in them is not believed', () => {
  const types = [...localTypes().values(), { type: numbers }, { type: byName }]
  const property = fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 200 }), ({ type }, bytes) => {
    try {
      type.fromBuffer(Buffer.from(bytes))
    } catch (error) {
      assert.ok(error instanceof Error)
    }
  })
  fc.assert(property, { numRuns: 3_000 })
})

test('an array or a map that is longer than its record is refused', () => {
  for (const count of [2 ** 31, 2 ** 45, -(2 ** 31)]) {
    const bytes = Buffer.concat([long(count), long(1), long(7)])
    assert.throws(() => numbers.fromBuffer(bytes), /longer than its record/)
    assert.throws(() => byName.fromBuffer(bytes), /longer than its record/)
  }
})

test('so is one in a field that only the writer has', () => {
  const writer = avro.Type.forSchema(
    record([
      { name: 'many', type: { type: 'array', items: 'int' } },
      { name: 'more', type: { type: 'map', values: 'int' } },
      { name: 'uid', type: 'string' },
    ]) as avro.Schema,
    { typeHook },
  )
  const reader = typeOf(record([{ name: 'uid', type: 'string' }]))
  const resolver = reader.createResolver(writer)
  const good = writer.toBuffer({ many: [1, 2], more: { a: 1 }, uid: 'u1' })
  assert.deepEqual(reader.fromBuffer(good, resolver), { uid: 'u1' })
  for (const bad of [[2 ** 45], [-(2 ** 45), 8], [0, 2 ** 45]]) {
    assert.throws(() => reader.fromBuffer(Buffer.concat(bad.map(long)), resolver), /longer than its record/)
  }
})

test('arrays and maps in blocks with their sizes are read, as other writers make them', () => {
  const bytes = Buffer.concat([-2, 2, 7, 8, 1, 9, 0].map(long))
  assert.deepEqual(numbers.fromBuffer(bytes), { numbers: [7, 8, 9] })
})

test('an int of more than 32 bits is refused', () => {
  assert.throws(() => numbers.fromBuffer(Buffer.concat([1, 2 ** 31, 0].map(long))), /more than 32 bits/)
})

test('a long is exact or refused, from -2^52 to 2^53 - 2', () => {
  const type = typeOf(record([{ name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } }]))
  for (const at of [0, -1, 2 ** 31, -(2 ** 40), -(2 ** 52), 2 ** 52, 2 ** 52 + 1, 2 ** 53 - 2]) {
    assert.deepEqual(type.fromBuffer(type.toBuffer({ at })), { at })
  }
  for (const at of [-(2 ** 52) - 1, Number.MIN_SAFE_INTEGER, 2 ** 53 - 1, 2 ** 53, 1.5, Number.NaN]) {
    assert.throws(() => type.toBuffer({ at }), String(at))
  }
  for (const at of [2n ** 53n - 1n, 2n ** 53n, -(2n ** 52n) - 1n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.throws(() => type.fromBuffer(zigzag(at)), /precision/, String(at))
  }
})

test('a map has no names but those that were written', () => {
  const { byName: map } = byName.fromBuffer(byName.toBuffer({ byName: { a: 'b' } })) as { byName: object }
  assert.equal('constructor' in map, false)
})
