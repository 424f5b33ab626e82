import { readRecords, type AvroRecord } from '../../../schemas/records.ts'
import { topics } from '../../../schemas/topics.ts'

const records: readonly AvroRecord[] = [...readRecords().values()]

/** The names of the fields whose schema says that they are a secret. */
export const secretFields: ReadonlySet<string> = new Set(
  records.flatMap(({ fields }) => fields.filter(({ doc }) => /\bsecret\b/.test(doc ?? '')).map(({ name }) => name)),
)

const known: ReadonlySet<string> = new Set([
  ...records.flatMap(({ name, namespace, fields }) => [name, namespace, ...fields.map((field) => field.name)]),
  ...Object.values(topics).map(({ name }) => name),
])

/** Whether a word stands in the schemas: the name of a record, a field or a topic. */
export const isKnownWord = (word: string): boolean => known.has(word)
