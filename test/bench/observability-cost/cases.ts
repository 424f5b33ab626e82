import { medianInterval } from '../median-interval.ts'
import { median, round } from '../median.ts'
import type { Case, Figures } from '../part.ts'
import { baseline } from './variants.ts'

const figure = 'cpuPerMillion'
/** In percent, of a slice against that of the baseline in the same round. */
const difference = 'differencePercent'

const compared = (runs: readonly Figures[], base: readonly Figures[]): readonly Figures[] =>
  runs.map((run, index) => ({
    [difference]: round(100 * ((run[figure] ?? 0) / (base[index]?.[figure] ?? 0) - 1)),
    ...run,
  }))

/** Says how sure the median of the differences is. */
const certainty = (runs: readonly Figures[]): string => {
  const differences = runs.map((run) => run[difference] ?? 0)
  const { low, high, confidence } = medianInterval(differences)
  return (
    `processor time ${signed(median(differences))} % against ${baseline}: median of ${runs.length}; between ${signed(low)} and ` +
    `${signed(high)} % with ${Math.round(100 * confidence)} % confidence`
  )
}

const signed = (percent: number): string => `${percent < 0 ? '' : '+'}${round(percent)}`

/**
 * The figures of each variant, those of all but the baseline with what they differ from it by, and how sure that is.
 * @param measured of each variant, run by run beside those of the others
 */
export const casesOf = (
  what: string,
  measured: ReadonlyMap<{ readonly name: string }, readonly Figures[]>,
): readonly Case[] => {
  const base = [...measured].find(([{ name }]) => name === baseline)?.[1] ?? []
  return [...measured].map(([{ name }, own]) => {
    const runs = name === baseline ? own : compared(own, base)
    return { name: `${what}, ${name}`, about: name === baseline ? 'the base of the others' : certainty(runs), runs }
  })
}
