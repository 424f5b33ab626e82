import type { Piece } from './markdown.ts'

const units: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024 }

/** The number in a cell of a table; undefined where there is none: `16384`, `0 (off)`, `100,000`, `256 MiB`. */
const numberOf = (text: string): number | undefined => {
  const [, digits, unit] = /^([\d,]+)(?: (KiB|MiB))?$/.exec(text.replace(/\(.*\)/, '').trim()) ?? []
  return digits === undefined ? undefined : Number(digits.replaceAll(',', '')) * (units[unit ?? ''] ?? 1)
}

const cellsOf = (line: string): readonly string[] =>
  line
    .replaceAll('`', '')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

/** Names and numbers of a row; a unit at the end is that of all: `A · B | 32 · 8 MiB`. */
const pairsOf = (line: string): readonly (readonly [name: string, value: number | undefined])[] => {
  const [names = '', values = ''] = cellsOf(line)
  const unit = / (?:KiB|MiB)$/.exec(values)?.[0] ?? ''
  const numbers = values.split(' · ').map((value) => numberOf(value.endsWith(unit) ? value : value + unit))
  const all = names.split(' · ')
  return all.length === numbers.length ? all.map((name, at) => [name, numbers[at]]) : []
}

/** Tables that give a setting another number as its default than it has. */
export const findWrongDefaults = (
  lines: readonly Piece[],
  defaults: ReadonlyMap<string, string>,
): readonly { readonly line: number; readonly says: string }[] =>
  lines
    .filter(({ text }) => /^\| *`?[A-Z]/.test(text))
    .flatMap(({ text, line }) =>
      pairsOf(text).flatMap(([name, value]) => {
        const byDefault = numberOf(defaults.get(name) ?? '')
        if (value === undefined || byDefault === undefined || value === byDefault) return []
        return [{ line, says: `the default of ${name} is ${byDefault}` }]
      }),
    )
