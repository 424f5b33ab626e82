import type { Stage } from './stage.ts'

/** Ends what a drill has begun; resolves when the system is whole again, though it may have to work off what has come meanwhile. */
export type TakeAway = () => Promise<void>

/** Something that is done to a running system, to see what alerts, dashboards and the runbook say of it. */
export type Drill = {
  readonly name: string
  /** What is done, in a sentence. */
  readonly about: string
  /** From the fault to its end. */
  readonly lastsMs: number
  /** Does it, and resolves when it is done. Throws when it cannot be done: the drill has failed then. */
  readonly begin: (
    stage: Stage,
    options: {
      /** Tells of what happens later. */
      readonly say: (what: string) => void
      /** Aborts when the drill is over, however it ends. */
      readonly signal: AbortSignal
    },
  ) => Promise<TakeAway>
}
