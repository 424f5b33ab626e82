import { findSecrets, type Stretch } from './find-secrets.ts'
import { isKnownWord } from './schema-words.ts'

const rowBytes = 16
/** Looked at beyond what is shown, for the end of a secret that begins in it. */
const lookAheadBytes = 4_096

/**
 * Where bytes hold what may be a secret. Bytes of zero are left out before looking, so that text of two bytes a character (UTF-16)
 * is seen, too.
 */
const secretBytes = (bytes: Buffer): readonly Stretch[] => {
  const at: number[] = []
  for (const [index, byte] of bytes.entries()) if (byte !== 0) at.push(index)
  const text = Buffer.from(bytes.filter((byte) => byte !== 0)).toString('latin1')
  return findSecrets(text, isKnownWord).map(({ start, end }) => ({
    start: at[start] ?? 0,
    end: (at[end - 1] ?? 0) + 1,
  }))
}

const placesOf = (secret: string, bytes: Buffer): readonly Stretch[] => {
  const wanted = Buffer.from(secret)
  const places: Stretch[] = []
  for (let start = bytes.indexOf(wanted); start >= 0; start = bytes.indexOf(wanted, start + 1))
    places.push({ start, end: start + wanted.length })
  return places
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
const isVisible = (byte: number): boolean => byte >= 0x20 && byte < 0x7f

/**
 * The first bytes of a value, 16 a line, in hexadecimal and as text; `**` where there may be a secret: by the rules for text that
 * nobody can read, and wherever one of the given secrets stands.
 * What is compressed or encrypted is not looked into.
 */
export const hexdump = (value: Buffer, maxBytes: number, secrets: readonly string[] = []): string => {
  const looked = value.subarray(0, maxBytes + lookAheadBytes)
  const hidden = new Uint8Array(looked.length)
  for (const { start, end } of [...secretBytes(looked), ...secrets.flatMap((secret) => placesOf(secret, value))])
    hidden.fill(1, start, end)
  const shown = [...value.subarray(0, maxBytes)].map((byte, index) =>
    hidden[index] === 1
      ? (['**', '*'] as const)
      : ([hex(byte), isVisible(byte) ? String.fromCharCode(byte) : '.'] as const),
  )
  const rows: string[] = []
  for (let from = 0; from < shown.length; from += rowBytes) {
    const row = shown.slice(from, from + rowBytes)
    const left = row.map(([one]) => one).join(' ')
    rows.push(
      `${from.toString(16).padStart(6, '0')}  ${left.padEnd(3 * rowBytes - 1)}  ${row.map(([, one]) => one).join('')}`,
    )
  }
  return rows.join('\n')
}
