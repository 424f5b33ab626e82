import fc from 'fast-check'
import { isUnion, type Avro, type AvroRecord } from '../../schemas/records.ts'

const fields = (record: AvroRecord, records: ReadonlyMap<string, AvroRecord>): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(Object.fromEntries(record.fields.map(({ name, type }) => [name, valueOf(type, records)])), {
    noNullPrototype: true,
  })

const primitives: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  int: fc.integer(),
  long: fc.integer({ min: -(2 ** 52), max: 2 ** 53 - 2 }), // what avsc can hold
  float: fc.float({ noNaN: true }),
  double: fc.double({ noNaN: true }),
  bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  string: fc.string({ unit: 'binary' }),
}

const valueOf = (schema: Avro, records: ReadonlyMap<string, AvroRecord>): fc.Arbitrary<unknown> => {
  if (typeof schema === 'string') {
    const record = records.get(schema)
    const primitive = primitives[schema]
    if (record !== undefined) return fields(record, records)
    if (primitive !== undefined) return primitive
    throw new Error(`there is no Avro type ${schema}`)
  }
  if (isUnion(schema)) return fc.oneof(...schema.map((branch) => valueOf(branch, records)))
  if ('items' in schema) return fc.array(valueOf(schema.items, records), { maxLength: 3 })
  if ('values' in schema) return fc.dictionary(fc.string(), valueOf(schema.values, records), { maxKeys: 3 })
  if ('fields' in schema) return fields(schema, records)
  return valueOf(schema.type, records)
}

/** Any value of a record, derived from its Avro schema; records that it uses are looked up by their full names. */
export const arbitraryRecord = (
  fullName: string,
  records: ReadonlyMap<string, AvroRecord>,
): fc.Arbitrary<Record<string, unknown>> => {
  const record = records.get(fullName)
  if (record === undefined) throw new Error(`there is no Avro record ${fullName}`)
  return fields(record, records)
}
