/**
 * What a JSON value has to look like. Objects and arrays must match in full: no field may be missing and none too many.
 * A regular expression stands for any string that it matches; everything else for itself.
 */
export type Pattern =
  string | number | boolean | null | RegExp | readonly Pattern[] | { readonly [field: string]: Pattern }

/** Where a value differs from its pattern, one sentence a place; none when it matches. Values of `secrets` fields are not told. */
export const differences = (value: unknown, pattern: Pattern, path = ''): readonly string[] => {
  const here = path === '' ? 'the value' : path
  if (pattern instanceof RegExp)
    return typeof value === 'string' && pattern.test(value) ? [] : [`${here} is ${show(value)}, not like ${pattern}`]
  if (isList(pattern)) {
    if (!Array.isArray(value)) return [`${here} is ${show(value)}, not a list`]
    if (value.length !== pattern.length) return [`${here} has ${value.length} entries, not ${pattern.length}`]
    return pattern.flatMap((entry, index) => differences(value[index], entry, `${path}[${index}]`))
  }
  if (typeof pattern === 'object' && pattern !== null) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${here} is ${show(value)}`]
    const fields: ReadonlyMap<string, unknown> = new Map(Object.entries(value))
    const dot = path === '' ? '' : `${path}.`
    const wanted = Object.entries(pattern).flatMap(([name, entry]) =>
      fields.has(name) ? differences(fields.get(name), entry, `${dot}${name}`) : [`${dot}${name} is missing`],
    )
    const surplus = [...fields.keys()].filter((name) => !(name in pattern)).map((name) => `${dot}${name} is too many`)
    return [...wanted, ...surplus]
  }
  return value === pattern ? [] : [`${here} is ${show(value)}, not ${show(pattern)}`]
}

export const matches = (value: unknown, pattern: Pattern): boolean => differences(value, pattern).length === 0

const isList = (pattern: Pattern): pattern is readonly Pattern[] => Array.isArray(pattern)

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'absent'
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}
