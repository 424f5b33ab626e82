import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { medianFigures } from './median.ts'
import type { Case, Part } from './part.ts'

const folder = join(import.meta.dirname, 'results')

/** Names and numbers of a case, the median and all runs in columns. */
export const table = ({ name, about, runs }: Case): string => {
  const medians = medianFigures(runs)
  const header = ['', 'median', ...runs.map((_, index) => `run ${index + 1}`)]
  const rows = Object.entries(medians).map(([figure, value]) => [
    figure,
    String(value),
    ...runs.map((run) => String(run[figure])),
  ])
  return [`${name}: ${about}`, ...align([header, ...rows])].join('\n')
}

/** The first column to the left, the others to the right. */
const align = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .map((cell) => `  ${cell}`)
      .join(''),
  )
}

/** What a figure depends on besides the program. */
export const describeMachine = (): object => {
  const [cpu] = cpus()
  const memoryGiB = Math.round(totalmem() / 2 ** 30)
  return { cpu: cpu?.model ?? 'unknown', cores: cpus().length, memoryGiB, node: process.version }
}

/** Writes test/bench/results/<name>.json. */
export const writeResult = async (name: string, result: object): Promise<void> => {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

/** The cases of a part with their medians. */
export const writeCases = ({ name, about }: Part, cases: readonly Case[], startedAt: Date): Promise<void> =>
  writeResult(name, {
    about,
    measuredAt: startedAt.toISOString(),
    machine: describeMachine(),
    cases: cases.map((one) => ({ name: one.name, about: one.about, median: medianFigures(one.runs), runs: one.runs })),
  })
