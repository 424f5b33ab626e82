import { readFileSync } from 'node:fs'
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

// The published documents, held against what is really sent. There the schemas are open, so that fields may be added; here an object has what
// is described and nothing else.

type Json = { readonly [key: string]: unknown }

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A document of docs/. */
export const readDocument = (name: string): Json => {
  const document: unknown = JSON.parse(readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8'))
  if (!isObject(document)) throw new Error(`docs/${name} is no object`)
  return document
}

/** The same schemas, in which no object has more than its properties. */
export const closed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(closed)
  if (!isObject(value)) return value
  const inside = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)]))
  const isOpen = value['type'] === 'object' && isObject(value['properties'])
  return isOpen ? { ...inside, additionalProperties: false } : inside
}

/**
 * Gives a check of a value by the schema at a JSON pointer of a document; it throws where the value is not as published.
 * `isOpen`: objects may have more fields.
 */
export const createSchemaChecks = (
  name: string,
  { isOpen = false } = {},
): ((pointer: string) => (value: unknown) => void) => {
  const document = readDocument(name)
  const options = { strict: false, allErrors: true, validateFormats: true }
  const ajv = 'openapi' in document ? new Ajv2020(options) : new Ajv(options)
  addFormats.default(ajv)
  ajv.addSchema((isOpen ? document : closed(document)) as AnySchema, name)
  const known = new Map<string, ValidateFunction>()
  return (pointer) => {
    const validate = known.get(pointer) ?? ajv.compile({ $ref: `${name}#${pointer}` })
    known.set(pointer, validate)
    return (value) => {
      if (validate(value)) return
      throw new Error(`not as docs/${name} has it: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`)
    }
  }
}

/** A part of a JSON pointer. */
export const escapePointer = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1')

/** The value at a path of names; undefined where there is none. */
export const valueAt = (document: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), document)
