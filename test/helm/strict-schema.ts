type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Reads JSON-like data of any source as what it is. */
const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A resource's schema in the form of a CustomResourceDefinition as JSON Schema, strict: what it does not name is refused, unless it says that the
 * rest is kept (x-kubernetes-preserve-unknown-fields), as the API server does with `fieldValidation: Strict`.
 */
export const strictSchema = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(strictSchema)
  if (!isObject(schema)) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strictSchema(value)]))
  if (schema['x-kubernetes-int-or-string'] === true) return { anyOf: [{ type: 'integer' }, { type: 'string' }] }
  const isClosed =
    isObject(schema['properties'] ?? null) &&
    schema['type'] === 'object' &&
    schema['additionalProperties'] === undefined &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true
  return isClosed ? { ...inner, additionalProperties: false } : inner
}
