import type { Decide } from './decisions.ts'
import { findViolation, type View } from './invariants.ts'
import { createModel, type Action, type Model } from './model.ts'
import { findUnrest, goOn } from './quiescence.ts'
import type { Scenario } from './scenario.ts'
import { flatten, unpack, type State } from './state.ts'
import { createVisited, type Visited } from './visited.ts'
import { say } from './words.ts'

export type Report = {
  readonly scenario: string
  readonly states: number
  readonly transitions: number
  /** States in which everything is at rest. */
  readonly atRest: number
  /** False: there were more states than were asked for. */
  readonly isComplete: boolean
  readonly seconds: number
  readonly violation: Violation | undefined
}
/** What is wrong, and the shortest way to it in words; the last step is the one that breaks the invariant. */
export type Violation = { readonly what: string; readonly trace: readonly string[] }

/**
 * Explores every state that a scenario can reach, breadth first, and stops at the first violation. From each state it also goes on
 * fairly until everything is at rest.
 */
export const explore = (scenario: Scenario, decide: Decide, { maxStates = 5_000_000 } = {}): Report => {
  const startedAt = performance.now()
  const model = createModel(scenario, decide)
  const visited = createVisited()
  const rests = createRests(model, scenario)
  let transitions = 0
  let isComplete = true

  const report = (violation: Violation | undefined): Report => ({
    scenario: scenario.name,
    states: visited.size(),
    transitions,
    atRest: rests.count(),
    isComplete,
    seconds: (performance.now() - startedAt) / 1_000,
    violation,
  })

  visited.add(flatten(model.initial), -1)
  let generation: { readonly id: number; readonly state: State }[] = [{ id: 0, state: model.initial }]
  while (generation.length > 0) {
    const next: typeof generation = []
    for (const { id, state } of generation) {
      for (const action of model.actions(state)) {
        const step = model.take(state, action)
        transitions += 1
        if (step.violation !== undefined) return report(trace(model, visited, id, [action], step.violation))
        const found = visited.add(flatten(step.state), id)
        if (!found.isNew) continue
        const what = findViolation(viewOf(model, step.state))
        if (what !== undefined) return report(trace(model, visited, found.id, [], what))
        const unrest = rests.check(step.state)
        if (unrest !== undefined) return report(trace(model, visited, found.id, unrest.way, unrest.what))
        if (visited.size() < maxStates) next.push({ id: found.id, state: step.state })
        else isComplete = false
      }
    }
    generation = next
  }
  return report(undefined)
}

const viewOf = ({ decisions, slots }: Model, { rooms, lanes }: State): View => {
  const found = rooms.flatMap((id) => decisions.room(id) ?? [])
  return {
    rooms: found,
    roomOf: (roomId) => found.find((room) => room.roomId === roomId),
    underWay: (from, to) => {
      const number = slots.laneBetween(from, to)
      const parcels = lanes.find(({ lane }) => lane === number)?.parcels ?? []
      return parcels.map((parcel) => decisions.message(unpack(parcel).message))
    },
  }
}

type Rests = {
  readonly check: (state: State) => { readonly what: string; readonly way: readonly Action[] } | undefined
  readonly count: () => number
}

/** Goes on from states until everything is at rest; each state on the way is looked at once. */
const createRests = (model: Model, scenario: Scenario): Rests => {
  const settled = createVisited()
  let walks = 0
  let count = 0
  const checkEnd = (state: State): string | undefined => {
    count += 1
    const ending = { ...viewOf(model, state), story: model.story(state) }
    return findUnrest(ending) ?? scenario.atRest?.(ending)
  }
  return {
    check: (from) => {
      walks += 1
      const way: Action[] = []
      for (let state = model.calm(from); ;) {
        const { id, isNew } = settled.add(flatten(state), walks)
        if (!isNew) return settled.parentOf(id) === walks ? { what: 'it never comes to rest', way } : undefined
        const action = goOn(model, state)
        if (action === undefined) {
          const what = checkEnd(state)
          return what === undefined ? undefined : { what, way }
        }
        way.push(action)
        const step = model.take(state, action)
        const what = step.violation ?? findViolation(viewOf(model, step.state))
        if (what !== undefined) return { what, way }
        state = step.state
      }
    },
    count: () => count,
  }
}

/** The way to a state, found again from its ancestors' fingerprints, and further actions behind it. */
const trace = (model: Model, visited: Visited, id: number, further: readonly Action[], what: string): Violation => {
  const ancestors: number[] = []
  for (let one = id; one > 0; one = visited.parentOf(one)) ancestors.unshift(one)
  const words: string[] = []
  let state = model.initial
  for (const ancestor of ancestors) {
    for (const action of model.actions(state)) {
      const step = model.take(state, action)
      if (visited.find(flatten(step.state)) !== ancestor) continue
      words.push(say(model, state, action))
      state = step.state
      break
    }
  }
  for (const action of further) {
    words.push(say(model, state, action))
    state = model.take(state, action).state
  }
  return { what, trace: words }
}
