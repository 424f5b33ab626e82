import type { Chance, Scenario } from './scenario.ts'
import type { State } from './state.ts'

/** What may still happen from outside, and how often: places in a state's list of budgets. */
export type Budgets = {
  readonly initial: readonly number[]
  readonly none: readonly number[]
  /** By chance: how often it did not happen yet, and how often it may be repeated. */
  readonly events: readonly { readonly first: number; readonly again: number }[]
  readonly refusals: number
  readonly silences: number
  readonly crashes: number
  readonly waits: number
  /** The place of a kind of timer; undefined: it is not counted. */
  readonly timerOf: (kind: string) => number | undefined
  readonly mayFire: (state: State, kind: string) => boolean
}

export const has = ({ budgets }: State, place: number): boolean => (budgets[place] ?? 0) > 0

/** Nothing goes below zero: going on to rest takes what it needs. */
export const spend = (state: State, place: number): State => ({
  ...state,
  budgets: state.budgets.with(place, Math.max(0, (state.budgets[place] ?? 0) - 1)),
})

/** The ids of an event's occurrences. */
export const idsOf = ({ event, times }: Chance): readonly string[] =>
  Array.from({ length: times }, (_, index) => (index === 0 ? event.say : `${event.say} ${index + 1}`))

export const createBudgets = ({ chances, timers = {}, ...scenario }: Scenario): Budgets => {
  const initial: number[] = []
  const placeOf = (count = 0): number => initial.push(count) - 1
  const counted = new Map(
    Object.entries(timers).flatMap(([kind, count]) => (count === Infinity ? [] : [[kind, placeOf(count)] as const])),
  )
  const places = {
    events: chances.map(({ times, again }) => ({ first: placeOf(times), again: placeOf(again) })),
    refusals: placeOf(scenario.refusals),
    silences: placeOf(scenario.silences),
    crashes: placeOf(scenario.crashes),
    waits: placeOf(scenario.waits),
  }
  return {
    ...places,
    initial,
    none: initial.map(() => 0),
    timerOf: (kind) => counted.get(kind),
    mayFire: (state, kind) => {
      const place = counted.get(kind)
      return kind in timers && (place === undefined || has(state, place))
    },
  }
}
