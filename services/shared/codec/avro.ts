import avro from 'avsc'
import { fullNameOf, readRecords, standAlone, type AvroRecord } from '../../../schemas/records.ts'

// avsc (pinned exactly) takes any number that stands in the bytes for the length of an array, or for an int. Bytes that
// were written with another schema than their id says then make it loop 10^12 times or return Infinity; and a long below
// -2^52 becomes another number without a word (utils.js, readLong: 2n - 1 is then no double). The types below read and
// write as avsc's own do, within bounds; the type hook puts them in their place.

/** What avsc's types read from. Past the end every read gives 0 or undefined; the position tells at the end. */
type Tap = {
  readonly buf: Buffer
  pos: number
  readInt(): number
  readLong(): number
  readString(): string
  skipLong(): void
  skipString(): void
}
/** The inner side of avsc's types and resolvers, which its declarations leave out. */
type Inner = {
  readonly _read: (tap: Tap) => unknown
  readonly _skip: (tap: Tap) => void
  readonly _write: (tap: Tap, value: unknown) => void
}

/** The number of items in the next block of an array or map; 0 at the end. An item takes a byte or more. */
const blockCount = (tap: Tap): number => {
  const count = tap.readLong()
  if (count < 0) tap.skipLong() // a negative count is followed by the block's size in bytes
  const items = Math.abs(count)
  if (items > tap.buf.length - tap.pos) throw new Error('an array is longer than its record')
  return items
}

class BoundedInt extends avro.types.IntType {
  _read(tap: Tap): number {
    const value = tap.readInt()
    if (value !== (value | 0)) throw new Error('an int has more than 32 bits')
    return value
  }
}

const long = avro.types.LongType.prototype as unknown as Inner
const lowestLong = -(2 ** 52)

class BoundedLong extends avro.types.LongType {
  _read(tap: Tap): number {
    const isNegative = ((tap.buf[tap.pos] ?? 0) & 1) === 1 // zigzag: the lowest bit is the sign
    const value = long._read(tap) as number
    if (isNegative && (value >= 0 || value < lowestLong)) throw new Error('potential precision loss')
    return value
  }

  _write(tap: Tap, value: unknown): void {
    if (typeof value === 'number' && value < lowestLong) throw new Error('potential precision loss')
    long._write(tap, value)
  }
}

class BoundedArray extends avro.types.ArrayType {
  // `this` is a resolver when the writer's schema is another one; it has an itemsType, too.
  _read(tap: Tap): unknown[] {
    const item = this.itemsType as unknown as Inner
    const items: unknown[] = []
    for (let left = blockCount(tap); left > 0; left = blockCount(tap)) {
      while (left-- > 0) items.push(item._read(tap))
    }
    return items
  }

  _skip(tap: Tap): void {
    const item = this.itemsType as unknown as Inner
    for (let left = blockCount(tap); left > 0; left = blockCount(tap)) {
      while (left-- > 0) item._skip(tap)
    }
  }
}

class BoundedMap extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const value = this.valuesType as unknown as Inner
    const values: Record<string, unknown> = Object.create(null)
    for (let left = blockCount(tap); left > 0; left = blockCount(tap)) {
      while (left-- > 0) values[tap.readString()] = value._read(tap)
    }
    return values
  }

  _skip(tap: Tap): void {
    const value = this.valuesType as unknown as Inner
    for (let left = blockCount(tap); left > 0; left = blockCount(tap)) {
      while (left-- > 0) {
        tap.skipString()
        value._skip(tap)
      }
    }
  }
}

/** For every schema that we make a type of, ours and the writers'. */
export const typeHook = (schema: unknown, options: unknown): avro.Type | undefined => {
  const kind = typeof schema === 'object' && schema !== null && 'type' in schema ? schema.type : schema
  if (kind === 'int') return new BoundedInt()
  if (kind === 'long') return new BoundedLong()
  if (kind === 'array') return new BoundedArray(schema as avro.Schema, options)
  if (kind === 'map') return new BoundedMap(schema as avro.Schema, options)
  return undefined
}

/** A type that reads records as plain objects. */
export const typeOf = (schema: AvroRecord): avro.Type => {
  const registry: Record<string, avro.Type> = {}
  const type = avro.Type.forSchema(schema as avro.Schema, { registry, typeHook, omitRecordMethods: true })
  for (const named of Object.values(registry)) {
    // avsc makes a class per record, for speed; with this prototype its instances are plain objects and nothing is copied.
    if (named instanceof avro.types.RecordType) named.recordConstructor.prototype = Object.prototype
  }
  return type
}

export type LocalType = { readonly fullName: string; readonly schema: AvroRecord; readonly type: avro.Type }

/** Every record of schemas/ by its full name, each as a schema that stands alone and as a type. */
export const localTypes = (): ReadonlyMap<string, LocalType> => {
  const records = readRecords()
  return new Map(
    [...records.values()].map((record) => {
      const fullName = fullNameOf(record)
      const schema = standAlone(fullName, records)
      return [fullName, { fullName, schema, type: typeOf(schema) }]
    }),
  )
}
