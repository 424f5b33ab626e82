// Refuses a change of the records that readers or writers of a released version could not live with: FULL_TRANSITIVE
// against every set in released/, as the registry would, but without one. `node schemas/compatibility.ts` runs it.
import avro from 'avsc'
import { existsSync, readdirSync } from 'node:fs'
import { isUnion, readRecords, standAlone, type Avro, type AvroField, type AvroRecord } from './records.ts'

export type Records = ReadonlyMap<string, AvroRecord>

/** One reason to refuse; `file` and `field` are where to look. */
export type Incompatibility = {
  readonly file: string
  readonly field: string | undefined
  readonly why: string
}

/** `MixCommandStatus` is in `mix-command-status.avsc`. */
export const fileOf = ({ name }: AvroRecord): string =>
  `${name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()}.avsc`

/**
 * What makes `now` incompatible with `released`, in both directions; empty when nothing does.
 *
 * With readers of the old and of the new schema on both sides, Avro's rules for resolution leave little: a field may come
 * or go if it has a default, and its type stays as it is. We ask for the very same type, with its logical type, and so
 * refuse a little more than Avro: string and bytes can be read as each other, and logical types are not compared.
 */
export const incompatibilities = (released: Records, now: Records): readonly Incompatibility[] => {
  const found: Incompatibility[] = []
  for (const [fullName, before] of released) {
    const after = now.get(fullName)
    const file = fileOf(before)
    if (after === undefined) {
      found.push({ file, field: undefined, why: `${fullName} was released, and is removed or renamed` })
      continue
    }
    found.push(...fieldDifferences(before, after).map((difference) => ({ file, ...difference })))
  }
  if (found.length > 0) return found
  // A second opinion, from a library that knows the rules which the comparison above does not.
  for (const [fullName, record] of released) {
    const why = resolution(fullName, released, now) ?? resolution(fullName, now, released)
    if (why !== undefined) found.push({ file: fileOf(record), field: undefined, why })
  }
  return found
}

const fieldDifferences = (before: AvroRecord, after: AvroRecord): { field: string; why: string }[] => {
  const found: { field: string; why: string }[] = []
  const old = new Map(before.fields.map((field) => [field.name, field]))
  const young = new Map(after.fields.map((field) => [field.name, field]))
  for (const [field, { type }] of old) {
    const same = young.get(field)
    if (same !== undefined && text(same.type) !== text(type)) {
      found.push({ field, why: `its type was ${text(type)}, and is ${text(same.type)}` })
    }
  }
  for (const field of before.fields) {
    if (!young.has(field.name) && !hasDefault(field)) {
      found.push({ field: field.name, why: 'removed, and had no default: readers of the released schema need it' })
    }
  }
  for (const field of after.fields) {
    if (!old.has(field.name) && !hasDefault(field)) {
      found.push({ field: field.name, why: 'added without a default: records of the released schema lack it' })
    }
  }
  return found
}

const hasDefault = (field: AvroField): boolean => field.default !== undefined

/** A type as Avro means it: `"string"` and `{ "type": "string" }` are the same, docs and other marks say nothing. */
const text = (schema: Avro): string => JSON.stringify(meaning(schema))

const meaning = (schema: Avro): unknown => {
  if (typeof schema === 'string') return schema
  if (isUnion(schema)) return schema.map(meaning)
  if ('items' in schema) return { array: meaning(schema.items) }
  if ('values' in schema) return { map: meaning(schema.values) }
  if ('fields' in schema) return `${schema.namespace}.${schema.name}`
  return schema.logicalType === undefined ? schema.type : { [schema.type]: schema.logicalType }
}

/** Why a reader with the schema of `readers` cannot read what was written with that of `writers`. */
const resolution = (fullName: string, readers: Records, writers: Records): string | undefined => {
  try {
    typeIn(readers, fullName).createResolver(typeIn(writers, fullName))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const typeIn = (records: Records, fullName: string): avro.Type =>
  avro.Type.forSchema(standAlone(fullName, records) as avro.Schema)

const releasedFolder = new URL('./released/', import.meta.url)

/** The versions whose records are kept, oldest first. */
export const releasedVersions = (): readonly string[] =>
  existsSync(releasedFolder)
    ? readdirSync(releasedFolder).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    : []

export const releasedRecords = (version: string): Records => readRecords(new URL(`${version}/`, releasedFolder))

/** Complaints about the current records against every released set, ready to print. */
export const checkReleased = (): readonly string[] => {
  const now = readRecords()
  return releasedVersions().flatMap((version) =>
    incompatibilities(releasedRecords(version), now).map(
      ({ file, field, why }) =>
        `schemas/${file}${field === undefined ? '' : `, field ${field}`}: ${why} (released in ${version})`,
    ),
  )
}

if (import.meta.main) {
  const complaints = checkReleased()
  for (const complaint of complaints) console.error(complaint)
  process.exitCode = complaints.length > 0 ? 1 : 0
}
