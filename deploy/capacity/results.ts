import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '../../services/shared/fault.ts'

const caseShape = z.object({
  name: z.string(),
  median: z.record(z.string(), z.number()),
  runs: z.array(z.record(z.string(), z.number())),
})
const resultShape = z.object({
  measuredAt: z.string(),
  machine: z.object({ cpu: z.string(), cores: z.number() }),
  cases: z.array(caseShape),
})

/** What the benchmarks wrote down: of each part the cases, of each case the medians of its runs. */
export type Results = {
  /** @throws Fault CONFIG_INVALID that says what to measure, when there is no such figure */
  readonly median: (part: string, name: string, figure: string) => number
  /** The figure in each run. */
  readonly runs: (part: string, name: string, figure: string) => readonly number[]
  /** ISO 8601, the day. */
  readonly measuredOn: (part: string) => string
}

const resultsFolder = join(import.meta.dirname, '../../test/bench/results')

/** Reads results when they are asked for, each once. */
export const readResults = (folder = resultsFolder): Results => {
  const parts = new Map<string, z.infer<typeof resultShape>>()
  const missing = (part: string, what: string, cause?: unknown): Fault =>
    new Fault('CONFIG_INVALID', `${what} is not in ${folder}/${part}.json: make bench BENCH=${part}`, { cause })

  const partOf = (part: string): z.infer<typeof resultShape> => {
    const known = parts.get(part)
    if (known !== undefined) return known
    try {
      const read = resultShape.parse(JSON.parse(readFileSync(join(folder, `${part}.json`), 'utf8')))
      parts.set(part, read)
      return read
    } catch (error) {
      throw missing(part, 'a result', error)
    }
  }
  const caseOf = (part: string, name: string): z.infer<typeof caseShape> => {
    const found = partOf(part).cases.find((one) => one.name === name)
    if (found === undefined) throw missing(part, `the case "${name}"`)
    return found
  }

  return {
    median: (part, name, figure) => {
      const value = caseOf(part, name).median[figure]
      if (value === undefined) throw missing(part, `${figure} of "${name}"`)
      return value
    },
    runs: (part, name, figure) =>
      caseOf(part, name).runs.map((run) => {
        const value = run[figure]
        if (value === undefined) throw missing(part, `${figure} of "${name}"`)
        return value
      }),
    measuredOn: (part) => partOf(part).measuredAt.slice(0, 10),
  }
}
