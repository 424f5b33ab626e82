/** A clock without a date, in UTC: `08:59:03`. */
export const clock = (at: number): string => new Date(at).toISOString().slice(11, 19)

const scaled = (value: number, steps: readonly (readonly [number, string])[]): string => {
  const [by, unit] = steps.findLast(([from]) => Math.abs(value) >= from) ?? steps[0] ?? [1, '']
  return `${Number((value / by).toPrecision(3))}${unit === '' ? '' : ` ${unit}`}`
}

/** A value as a dashboard shows it, in a unit of Grafana's; `–` where there is none. */
export const formatValue = (value: number | null, unit: string): string => {
  if (value === null) return '–'
  if (!Number.isFinite(value)) return String(value)
  if (unit === 'percentunit') return `${Number((value * 100).toPrecision(3))} %`
  if (value === 0) return '0'
  switch (unit) {
    case 's':
      return scaled(value, [
        [0.001, 'ms'],
        [1, 's'],
        [60, 'min'],
        [3600, 'h'],
      ])
    case 'bytes':
    case 'binBps':
      return scaled(value, [
        [1, 'B'],
        [1024, 'KiB'],
        [1024 ** 2, 'MiB'],
      ])
    case 'cps':
    case 'eps':
    case 'mps':
    case 'reqps':
      return scaled(value, [[1, '/s']])
    default:
      return scaled(value, [
        [1, ''],
        [1e6, 'M'],
      ])
  }
}

/** A table of Markdown. Cells are put as they are, but for what would break the table. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`)
    .join('\n')
