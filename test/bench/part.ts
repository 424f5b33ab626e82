import type { Say } from '../../deploy/local/say.ts'

/** What one run measured: names with their units, and numbers. */
export type Figures = Readonly<Record<string, number>>

/** One case of a part, measured several times. `runs` have the same names each. */
export type Case = { readonly name: string; readonly about: string; readonly runs: readonly Figures[] }

export type PartOptions = {
  /** How often each case is measured. */
  readonly runs: number
  /** Small numbers: shows that everything works; the figures mean little. */
  readonly isQuick: boolean
  readonly say: Say
  /** Aborted by Ctrl-C: a part then ends what it started and rejects. */
  readonly signal: AbortSignal
}

/** A benchmark of its own. */
export type Part = {
  /** Also the name of its result file. */
  readonly name: string
  readonly about: string
  readonly measure: (options: PartOptions) => Promise<readonly Case[]>
}
