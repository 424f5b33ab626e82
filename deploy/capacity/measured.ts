import type { Results } from './results.ts'

/** A figure, before it is known when it was measured. */
export type Measured = {
  readonly about: string
  readonly unit: string
  readonly value: number
  readonly parts: readonly string[]
}

/** The benchmark of single things, which is made for this. */
export const part = 'capacity'

/** The benchmark of a whole system: of this, what nothing else tells. */
export const systemPart = 'capacity-system'

export const single =
  (results: Results) =>
  (figure: string): number =>
    results.median(part, 'single things', figure)

/** @param parts the benchmarks that it comes from */
export const measured = (about: string, unit: string, value: number, parts: readonly string[] = [part]): Measured => ({
  about,
  unit,
  value,
  parts,
})
