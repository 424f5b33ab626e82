/** A stretch of a text or of bytes: from `start`, up to and without `end`. */
export type Stretch = { readonly start: number; readonly end: number }

/** The names that values which nobody may read are given: of fields, of parameters of an address, of headers. */
const secretName =
  '(?:[\\w.-]{0,40}(?:secret|token|passw(?:or)?d|pwd|signature|credential|authorization|cookie|rtmpUrl)[\\w.-]{0,20}' +
  '|[\\w.-]{0,40}(?:api|auth|access|private|secret|session|stream|push)[_.-]?key[\\w.-]{0,20}|key|auth|sign|sig|pass|txTime)'

/**
 * A value up to its end: a quotation mark, a control character, a blank, or one of these.
 * Not `\s`: bytes are looked at one by one, and what is a blank there may be the half of a letter.
 */
const upTo = (ends: string): string => `(?<secret>[^"' \\x00-\\x1f\\x7f${ends}]+)`

/** Behind the name: as in JSON (also JSON inside a text of JSON), in an address (also encoded in another), in YAML. */
const named = `(?<![A-Za-z0-9])${secretName}["'\\\\]*\\s*(?:[=:]|%3[DA])\\s*`

/** Each has a group `secret`. What a rule leaves open at its end goes on to the next blank: better too much than too little. */
const rules: readonly RegExp[] = [
  // "password": "a \"b\" c", 'password': 'a b'
  new RegExp(`${named}\\\\?"(?<secret>(?:[^"\\\\]|\\\\.?)+)`, 'dgis'),
  new RegExp(`${named}'(?<secret>[^']+)`, 'dgi'),
  // "tokens": ["a", "b"], "password": {"ann": "a"}
  new RegExp(`${named}[[{](?<secret>[^\\]}]+)`, 'dgi'),
  // auth_key=…, token: …; the whole line after authorization and cookie
  new RegExp(`${named}'?${upTo('&')}`, 'dgi'),
  // <password>a b</password>
  new RegExp(`<${secretName}>(?<secret>[^<]+)`, 'dgi'),
  /\b(?:authorization|cookie|set-cookie)["'\\]*\s*[=:]\s*(?<secret>[^\r\n\0]+)/dgi,
  /\b(?:bearer|basic|digest)\s+(?<secret>[\w.~+/=-]+)/dgi,
  // a JSON Web Token
  /(?<secret>eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?)/dg,
  // user and password, and what follows the question mark of an address to push to
  new RegExp(`\\b[a-z][a-z0-9+.-]{0,20}://${upTo('/@?')}@`, 'dgi'),
  new RegExp(`\\brtmps?://[^\\s"'?]{0,512}\\?${upTo('')}`, 'dgi'),
  // the value of auth_key, without its name
  /\b\d{9,11}-\w{0,40}-\w{0,40}-(?<secret>[0-9a-f]{32})/dgi,
  /-----BEGIN [A-Z ]{1,40}-----(?<secret>[\s\S]+?)(?:-----END|$)/dg,
]

/** Something that might be a key, a token or a digest: letters and digits without a break. */
const opaque = /[\w+/-]{16,}=*/g

const merge = (stretches: readonly Stretch[]): readonly Stretch[] => {
  const merged: Stretch[] = []
  for (const next of stretches.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last === undefined || next.start > last.end) merged.push(next)
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, next.end) }
  }
  return merged
}

/**
 * Where a text holds what may be a secret, in order and apart from each other.
 * @param isHarmless given: also everything that looks like a key or a token (16 characters or more without a break) unless this
 *   says that it is none. For text of which nobody knows what it is.
 */
export const findSecrets = (text: string, isHarmless?: (word: string) => boolean): readonly Stretch[] => {
  const told = rules.flatMap((rule) =>
    [...text.matchAll(rule)].flatMap(({ indices }) => {
      const [start, end] = indices?.groups?.['secret'] ?? []
      return start === undefined || end === undefined ? [] : [{ start, end }]
    }),
  )
  if (isHarmless === undefined) return merge(told)
  const opaques = [...text.matchAll(opaque)].flatMap(({ 0: word, index }) =>
    isHarmless(word) ? [] : [{ start: index, end: index + word.length }],
  )
  return merge([...told, ...opaques])
}
