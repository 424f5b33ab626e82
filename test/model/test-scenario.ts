import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../services/state-machine/domain/decide.ts'
import { explore } from './explore.ts'
import type { Scenario } from './scenario.ts'

/** With this set, the wider form of a scenario is explored; once so many states are known, no further ones are gone on from. */
const deepStates = Number(process.env['MODEL_STATES'] ?? 0)
const usualStates = 300_000
/** Fewer than this is no exploration: something keeps the events from happening. */
const leastStates = 3_000

/** A test that explores a scenario with the real decisions; with `MODEL_STATES=n` its deeper form, about n states of it. */
export const testScenario = (scenario: Scenario): void => {
  test(`in no interleaving is an invariant broken: ${scenario.name}`, (context) => {
    const isDeep = deepStates > 0
    const chosen = isDeep ? { ...scenario, ...scenario.deeper } : scenario
    const report = explore(chosen, decide, { maxStates: isDeep ? deepStates : usualStates })
    const { states, transitions, atRest, seconds, violation, isComplete } = report
    const extent = isComplete ? 'all' : 'not all'
    context.diagnostic(`${states} states (${extent}), ${transitions} steps, ${atRest} at rest, ${seconds.toFixed(1)} s`)
    assert.equal(violation && [violation.what, ...violation.trace].join('\n'), undefined)
    assert.ok(isComplete || isDeep, `not all of it was explored within ${usualStates} states`)
    assert.ok(states >= leastStates, `only ${states} states were explored`)
  })
}
