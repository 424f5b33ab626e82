/** Columns of equal width, two blanks apart; the last is as long as it is. */
export const layOut = (rows: ReadonlyArray<readonly string[]>): readonly string[] => {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (column < row.length - 1 ? (row[column]?.length ?? 0) : 0))),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell))
      .join('  ')
      .trimEnd(),
  )
}

const latest = 8_640_000_000_000_000

/** A time in UTC to the second; a number that no calendar has, as it is. */
export const showTime = (epochMs: number): string =>
  Math.abs(epochMs) <= latest ? new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z') : String(epochMs)

/** A duration in its largest two units: `3 d 4 h`. */
export const showAge = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}
