/** A letter's place in `dead-letter.v1`. */
export type Place = { readonly partition: number; readonly offset: number }

/** Something on the command line that is not understood; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const minuteMs = 60_000
const units: Readonly<Record<string, number>> = { m: minuteMs, h: 60 * minuteMs, d: 24 * 60 * minuteMs }

/** The moment that `--since` means, epoch ms. */
export const readSince = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return now - Number(count) * (units[unit] ?? 0)
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new UsageError('--since: expected 30m, 2h, 3d, or a time as 2026-11-23T12:00:00Z')
  return time
}

/** A whole number from 1 to `max`. */
export const readCount = (name: string, text: string | undefined, byDefault: number, max: number): number => {
  const count = text === undefined ? byDefault : Number(text)
  if (!Number.isInteger(count) || count < 1 || count > max)
    throw new UsageError(`--${name}: expected a whole number from 1 to ${max}`)
  return count
}

/** A letter's place, written as `list` prints it: 3/17. */
export const readPlace = (text: string): Place => {
  const [, partition, offset] = /^(\d{1,9})\/(\d{1,15})$/.exec(text) ?? []
  if (offset === undefined) throw new UsageError(`${text}: expected <partition>/<offset>, as list prints them: 3/17`)
  return { partition: Number(partition), offset: Number(offset) }
}
