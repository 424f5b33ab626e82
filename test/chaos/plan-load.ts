import { chooseAct } from './acts.ts'
import { createRandom } from './random.ts'
import { createIds, type Event, type Pace, type Slot } from './script.ts'

/** An input and the moment at which it is to be sent, ms after the begin of the load. */
export type Planned = { readonly atMs: number; readonly event: Event }

/** Inputs of an average act. */
const stepsPerAct = 9
/** Acts are begun in steps of this time. */
const tickMs = 20

/**
 * Plans what happens in some rooms for ever: lives, invites, crossing agreements, sessions, breaks, repeats. The same seed gives the
 * same inputs at the same moments, whatever becomes of them.
 * @param rate inputs a second, about; bounded by what the rooms can do
 */
export const planLoad = function* ({
  seed,
  rooms,
  rate,
  pace,
  mintRoomId,
}: {
  readonly seed: number
  readonly rooms: number
  readonly rate: number
  readonly pace: Pace
  readonly mintRoomId: (attemptId: string) => string
}): Generator<Planned> {
  const random = createRandom(seed)
  const ids = createIds(seed)
  const free: Slot[] = Array.from({ length: rooms }, (_, index) => ({ uid: `u${index}`, roomId: null }))
  const busy: { readonly untilMs: number; readonly slots: readonly Slot[] }[] = []
  let ahead: Planned[] = []
  for (let nowMs = 0; ; nowMs += tickMs) {
    while (busy[0] !== undefined && busy[0].untilMs <= nowMs) free.push(...(busy.shift()?.slots ?? []))
    const starts = (rate / stepsPerAct) * (tickMs / 1_000)
    const count = Math.floor(starts) + (random.chance(starts % 1) ? 1 : 0)
    for (let index = 0; index < count; index++) {
      swapIn(free, random.whole(0, Math.max(0, free.length - 1)))
      const act = chooseAct(free, { random, ids, pace, mintRoomId })
      if (act === undefined) continue
      free.splice(0, act.slots.length)
      for (const { afterMs, event } of act.steps) ahead.push({ atMs: nowMs + afterMs, event })
      busy.push({ untilMs: nowMs + act.takesMs, slots: act.slots })
      busy.sort((one, other) => one.untilMs - other.untilMs)
    }
    const due = ahead.filter(({ atMs }) => atMs < nowMs + tickMs)
    ahead = ahead.filter(({ atMs }) => atMs >= nowMs + tickMs)
    yield* due.toSorted((one, other) => one.atMs - other.atMs)
  }
}

/** Brings a slot to the front, so that an act takes it and its neighbours. */
const swapIn = (free: Slot[], index: number): void => {
  const chosen = free.splice(index, 1)
  free.unshift(...chosen)
}
