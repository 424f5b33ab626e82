/** To two digits, with thousands apart: nobody should believe more of it. */
export const roughly = (value: number): string => {
  if (value === 0) return '0'
  const digits = Math.floor(Math.log10(Math.abs(value)))
  const unit = 10 ** (digits - 1)
  const rounded = Math.round(value / unit) * unit
  return rounded.toLocaleString('en', { maximumFractionDigits: Math.max(0, 1 - digits) })
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en', { maximumFractionDigits: 0 })

const byteUnits = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const

/** `1.2 GB`; powers of a thousand. */
export const bytes = (value: number): string => {
  const step = value < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(value) / 3))
  return `${roughly(value / 1_000 ** step)} ${byteUnits[step]}`
}

export const bits = (megabits: number): string =>
  megabits < 1_000 ? `${roughly(megabits)} Mbit/s` : `${roughly(megabits / 1_000)} Gbit/s`

export const percent = (share: number): string => `${whole(share * 100)} %`

/** `12 (9 to 16)`, or the number alone where it is certain. */
export const between = (value: number, low: number, high: number): string =>
  low === high ? whole(value) : `${whole(value)} (${whole(low)} to ${whole(high)})`

type Align = 'left' | 'right'

/** Columns as wide as their widest cell. `between` stands between them. */
const widthsOf = (rows: readonly (readonly string[])[]): readonly number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? '').length)))

const padded = (rows: readonly (readonly string[])[], aligns: readonly Align[]): readonly (readonly string[])[] => {
  const widths = widthsOf(rows)
  return rows.map((row) =>
    row.map((cell, column) =>
      aligns[column] === 'right' ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    ),
  )
}

/** For a terminal. */
export const plainTable = (rows: readonly (readonly string[])[], aligns: readonly Align[]): string =>
  padded(rows, aligns)
    .map((row) => `  ${row.join('  ')}`.trimEnd())
    .join('\n')

/** As prettier would write it. */
export const markdownTable = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  aligns: readonly Align[],
): string => {
  const [first = [], ...others] = padded([header, ...rows], aligns)
  const rule = widthsOf([header, ...rows]).map((width, column) =>
    aligns[column] === 'right' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  return [first, rule, ...others].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
