import { isUnion, type Avro, type AvroField, type AvroRecord } from './records.ts'

// Avro schemas told as TypeScript types.

const primitives: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Uint8Array',
  string: 'string',
}

/** Not on the wire: these address, place or explain a push record. */
const envelopeFields = new Set([
  'eventId',
  'roomId',
  'occurredAt',
  'inputPos',
  'toUid',
  'endReason',
  'actor',
  'expiresAt',
])

const shortName = (fullName: string): string => fullName.slice(fullName.lastIndexOf('.') + 1)

export const comment = (text: string | undefined, indent = ''): string =>
  text === undefined ? '' : `${indent}/** ${text} */\n`

/** The TypeScript type of a schema; a record is its short name. Throws on a union other than `["null", T]`. */
export const typeOf = (schema: Avro): string => {
  if (typeof schema === 'string') return primitives[schema] ?? shortName(schema)
  if (isUnion(schema)) {
    const [first, second] = schema
    // avsc wraps every other union; refused here rather than modelled.
    if (first !== 'null' || second === undefined || schema.length > 2) {
      throw new Error(`only ["null", T] unions are allowed, not ${JSON.stringify(schema)}`)
    }
    return `${typeOf(second)} | null`
  }
  if ('items' in schema) return `readonly ${typeOf(schema.items)}[]`
  if ('values' in schema) return `Readonly<Record<string, ${typeOf(schema.values)}>>`
  return typeOf(schema.type)
}

/** The declaration of a record's type. */
export const declare = (record: AvroRecord): string =>
  `${comment(record.doc)}export type ${record.name} = {\n` +
  record.fields
    .map((field) => `${comment(field.doc, '  ')}  readonly ${field.name}: ${typeOf(field.type)}\n`)
    .join('') +
  '}\n'

/** The fields of a push record that stand in `data` on the wire. */
export const dataFields = ({ fields }: AvroRecord): readonly AvroField[] =>
  fields.filter(({ name, wire }) => wire !== undefined || !envelopeFields.has(name))
