/** Something that the log has otherwise than it must be. */
export type Difference = {
  readonly kind: 'missing' | 'doubled' | 'unexpected' | 'changed' | 'reordered'
  /** Where: a topic with its partition and offset, or a room. */
  readonly where: string
  /** What was expected and what was found, secrets masked. */
  readonly what: string
}

const maxShown = 160

/** A value as text in which no key of a push address can be read. */
export const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  const masked = text.replaceAll(/auth_key=[^"&\\]*/g, 'auth_key=***')
  return masked.length > maxShown ? `${masked.slice(0, maxShown)}…` : masked
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/**
 * The first place at which two values are not the same, as `path: expected …, found …`; undefined when they are equal.
 * Objects are compared by their fields whatever their order and class, since decoded records are instances of generated classes.
 */
export const firstDifference = (expected: unknown, found: unknown, path = ''): string | undefined => {
  if (!isObject(expected) || !isObject(found) || Array.isArray(expected) !== Array.isArray(found)) {
    return Object.is(expected, found) ? undefined : `${path || 'it'}: expected ${show(expected)}, found ${show(found)}`
  }
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const difference = firstDifference(expected[name], found[name], path === '' ? name : `${path}.${name}`)
    if (difference !== undefined) return difference
  }
  return undefined
}
