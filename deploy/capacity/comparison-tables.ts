import type { Comparison } from './predictions.ts'
import { markdownTable, percent, roughly } from './text.ts'
import type { SystemComparison } from './whole-system.ts'

/** How far the worst of them is off. */
export const worstError = (rows: readonly Comparison[]): string =>
  percent(Math.max(...rows.map(({ predicted, measured }) => Math.abs(predicted / measured - 1))))

const signed = (share: number): string => `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`

export const comparisons = (rows: readonly Comparison[]): string =>
  markdownTable(
    ['what', 'unit', 'predicted', 'measured', 'error'],
    rows.map(({ what, unit, measured, predicted }) => [
      what,
      unit,
      roughly(predicted),
      roughly(measured),
      signed(predicted / measured - 1),
    ]),
    ['left', 'left', 'right', 'right', 'right'],
  )

export const systemTable = ({ load, system, clients, others, rows }: SystemComparison): string => `\
${load}. The system took ${roughly(system)} cores, clients and requests ${roughly(clients)}, other processes of the machine ${roughly(others)}:

${comparisons(rows)}`
