import { readdirSync, readFileSync } from 'node:fs'

/** Avro schemas as they stand in the .avsc files; `wire` and `omitWhen` are roomcast's own marks on fields of push records. */
export type AvroField = {
  readonly name: string
  readonly type: Avro
  readonly doc?: string
  readonly default?: unknown
  /** The field's name in the JSON message, where it is another one. */
  readonly wire?: string
  /** The value with which the field is left out of the JSON message. */
  readonly omitWhen?: unknown
}
export type AvroRecord = {
  readonly type: 'record'
  readonly name: string
  readonly namespace: string
  readonly doc: string
  readonly fields: readonly AvroField[]
}
export type Avro =
  | string
  | readonly Avro[]
  | AvroRecord
  | { readonly type: 'array'; readonly items: Avro }
  | { readonly type: 'map'; readonly values: Avro }
  | { readonly type: string; readonly logicalType?: string }

const folder = new URL('./', import.meta.url)

/** The full name of a record, for example `roomcast.push.Liked`. */
export const fullNameOf = ({ namespace, name }: AvroRecord): string => `${namespace}.${name}`

/** Every record of a folder of .avsc files (default: this one), by full name, in the order of the file names. */
export const readRecords = (from: URL = folder): ReadonlyMap<string, AvroRecord> => {
  const records = new Map<string, AvroRecord>()
  for (const file of readdirSync(from)
    .filter((name) => name.endsWith('.avsc'))
    .toSorted()) {
    const record = JSON.parse(readFileSync(new URL(file, from), 'utf8')) as AvroRecord
    records.set(fullNameOf(record), record)
  }
  return records
}

/** One record as a schema that stands alone: a record that it uses is written out where it is first met. */
export const standAlone = (fullName: string, records: ReadonlyMap<string, AvroRecord>): AvroRecord => {
  const written = new Set<string>()
  const expand = (schema: Avro): Avro => {
    if (typeof schema === 'string') {
      const record = records.get(schema)
      if (record === undefined || written.has(schema)) return schema
      return expandRecord(record)
    }
    if (isUnion(schema)) return schema.map(expand)
    if ('items' in schema) return { ...schema, items: expand(schema.items) }
    if ('values' in schema) return { ...schema, values: expand(schema.values) }
    if ('fields' in schema) return expandRecord(schema)
    return schema
  }
  const expandRecord = (record: AvroRecord): AvroRecord => {
    written.add(fullNameOf(record))
    return { ...record, fields: record.fields.map((field) => ({ ...field, type: expand(field.type) })) }
  }
  const record = records.get(fullName)
  if (record === undefined) throw new Error(`there is no Avro record ${fullName}`)
  return expandRecord(record)
}

export const isUnion = (schema: Avro): schema is readonly Avro[] => Array.isArray(schema)
