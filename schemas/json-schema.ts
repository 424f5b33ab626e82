import type { PushMessage } from './events.ts'
import { isUnion, type Avro, type AvroField, type AvroRecord } from './records.ts'
import { dataFields } from './typescript.ts'

// Push messages as clients see them, told as JSON Schema (draft-07, which AsyncAPI 3.0 has).

export type JsonSchema = { readonly [key: string]: unknown }

const primitives: Readonly<Record<string, JsonSchema>> = {
  null: { type: 'null' },
  boolean: { type: 'boolean' },
  int: { type: 'integer' },
  long: { type: 'integer' },
  float: { type: 'number' },
  double: { type: 'number' },
  string: { type: 'string' },
}

/** `refTo`: what to write for a record, by its full name. */
const schemaOf = (avro: Avro, refTo: (fullName: string) => JsonSchema): JsonSchema => {
  if (typeof avro === 'string') return primitives[avro] ?? refTo(avro)
  if (isUnion(avro)) return { oneOf: avro.map((one) => schemaOf(one, refTo)) }
  if ('items' in avro) return { type: 'array', items: schemaOf(avro.items, refTo) }
  if ('values' in avro) return { type: 'object', additionalProperties: schemaOf(avro.values, refTo) }
  return schemaOf(avro.type, refTo)
}

const objectOf = (
  fields: readonly AvroField[],
  describe: (field: AvroField) => JsonSchema,
): { readonly type: 'object'; readonly required: readonly string[]; readonly properties: JsonSchema } => {
  const nameOf = ({ name, wire }: AvroField): string => wire ?? name
  return {
    type: 'object',
    required: fields.filter(({ omitWhen }) => omitWhen === undefined).map(nameOf),
    properties: Object.fromEntries(fields.map((field) => [nameOf(field), describe(field)])),
  }
}

/**
 * The schema of `data` of each push message by the short name of its record, and of the records that these use.
 * Objects are open: fields may be added, and clients ignore what they do not know.
 */
export const describePushData = (
  records: ReadonlyMap<string, AvroRecord>,
  messages: readonly Pick<PushMessage, 'record'>[],
  refBase: string,
): { readonly data: ReadonlyMap<string, JsonSchema>; readonly used: ReadonlyMap<string, JsonSchema> } => {
  const used = new Map<string, JsonSchema>()
  const refTo = (fullName: string): JsonSchema => {
    const record = records.get(fullName)
    if (record === undefined) throw new Error(`there is no Avro record ${fullName}`)
    if (!used.has(record.name)) used.set(record.name, { description: record.doc, ...objectOf(record.fields, describe) })
    return { $ref: `${refBase}${record.name}` }
  }
  const describe = ({ type, doc }: AvroField): JsonSchema => ({
    ...schemaOf(type, refTo),
    ...(doc === undefined ? {} : { description: doc }),
  })
  const data = messages.map(({ record: name }) => {
    const record = [...records.values()].find((one) => one.name === name)
    if (record === undefined) throw new Error(`there is no ${name}.avsc`)
    return [name, objectOf(dataFields(record), describe)] as const
  })
  return { data: new Map(data), used }
}
