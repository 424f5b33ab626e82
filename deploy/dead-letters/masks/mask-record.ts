import { masked, maskText } from './mask-text.ts'
import { secretFields } from './schema-words.ts'

/** A decoded record for people: fields that their schema calls a secret are masked, and secrets inside of other texts. */
export const maskRecord = (value: unknown, field = ''): unknown => {
  if (typeof value === 'string') return secretFields.has(field) ? masked : maskText(value)
  if (Array.isArray(value)) return value.map((item) => maskRecord(item, field))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, maskRecord(inner, name)]))
}

/** The values of all fields that their schema calls a secret. */
export const secretsIn = (value: unknown, field = ''): readonly string[] => {
  if (typeof value === 'string') return secretFields.has(field) && value !== '' ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  const entries = Array.isArray(value) ? value.map((item) => [field, item] as const) : Object.entries(value)
  return entries.flatMap(([name, inner]) => secretsIn(inner, name))
}
