/** A line of a chart: its points, in the units of the axes. */
export type Series = { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }

export type Chart = {
  readonly title: string
  readonly x: { readonly from: number; readonly to: number; readonly name: string }
  readonly y: { readonly from: number; readonly to: number }
  readonly series: readonly Series[]
}

const width = 760
const height = 380
const plot = { left: 64, top: 44, right: 500, bottom: 330 } as const
/** Told apart by people who see few colours, too (Okabe and Ito); beside them dashes. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000'] as const
const dashes = ['', '7 3', '2 3', '9 3 2 3'] as const

const log = (value: number): number => Math.log10(value)
const decades = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.round(log(to) - log(from)) + 1 }, (_, step) => 10 ** (Math.round(log(from)) + step))
const tick = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

/** Both axes are logarithmic. Points outside of the chart are left out. */
export const drawLineChart = ({ title, x, y, series }: Chart): string => {
  const acrossOf = (value: number): string =>
    (plot.left + ((log(value) - log(x.from)) / (log(x.to) - log(x.from))) * (plot.right - plot.left)).toFixed(1)
  const downOf = (value: number): string =>
    (plot.bottom - ((log(value) - log(y.from)) / (log(y.to) - log(y.from))) * (plot.bottom - plot.top)).toFixed(1)
  const line = (x1: string, y1: string, x2: string, y2: string, look: string): string =>
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${look}/>`
  const text = (at: readonly [string, string], what: string, anchor = 'start'): string =>
    `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}">${what}</text>`
  const left = String(plot.left)
  const right = String(plot.right)
  const top = String(plot.top)
  const bottom = String(plot.bottom)
  const grid = [
    ...decades(x.from, x.to).flatMap((value) => [
      line(acrossOf(value), top, acrossOf(value), bottom, 'stroke="#ddd"'),
      text([acrossOf(value), String(plot.bottom + 18)], tick(value), 'middle'),
    ]),
    ...decades(y.from, y.to).flatMap((value) => [
      line(left, downOf(value), right, downOf(value), 'stroke="#ddd"'),
      text([String(plot.left - 8), String(Number(downOf(value)) + 4)], tick(value), 'end'),
    ]),
  ]
  const lines = series.flatMap(({ name, points }, index) => {
    const look = `stroke="${colours[index % colours.length]}" stroke-width="2" stroke-dasharray="${dashes[index % dashes.length]}"`
    const shown = points.filter(
      ([across, down]) => across >= x.from && across <= x.to && down >= y.from && down <= y.to,
    )
    const legend = plot.top + 10 + index * 24
    return [
      `<polyline fill="none" ${look} points="${shown.map(([across, down]) => `${acrossOf(across)},${downOf(down)}`).join(' ')}"/>`,
      line(String(plot.right + 16), String(legend), String(plot.right + 46), String(legend), look),
      text([String(plot.right + 54), String(legend + 4)], name),
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${plot.left}" y="24" font-size="14" font-weight="bold">${title}</text>`,
    ...grid,
    ...lines,
    text([String((plot.left + plot.right) / 2), String(plot.bottom + 38)], x.name, 'middle'),
    '</svg>',
    '',
  ].join('\n')
}
