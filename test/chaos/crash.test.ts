// runs alone: it measures its own processes and takes both cores
// deadline: 240 s
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { runChaos, type ChaosReport } from './run-chaos.ts'
import { shortScenario } from './scenarios.ts'

// The short form of `make chaos`: the same load, the same disturbances, the same checker. What it says is printed when a test fails.

const seed = 20
let report: ChaosReport

before(async () => {
  report = await runChaos({
    seed,
    scenario: shortScenario,
    say: (text) => console.log(text),
    signal: AbortSignal.timeout(220_000),
  })
})

test('after kills, a frozen owner, restarts of the broker and a lost registry, the log holds exactly what its inputs decide', () => {
  assert.deepEqual(report.verdict.differences, [])
  assert.ok(report.verdict.inputs > 3_000, `${report.verdict.inputs} inputs`)
  assert.ok(report.verdict.derived > 1_500, `${report.verdict.derived} derived events`)
})

test('deadlines that passed while nobody ran took effect, once', () => {
  assert.ok(report.verdict.fired > 100, `${report.verdict.fired} deadlines`)
  assert.ok(report.verdict.latestFiringMs > 1_000, `at most ${report.verdict.latestFiringMs} ms late`)
})

test('transactions were cut short and messages sent again, and neither left a trace in what was decided', () => {
  assert.ok(report.verdict.aborted > 0)
  assert.ok(report.verdict.repeatedMessages > 0)
})

test('records that cannot be inputs are kept aside, whoever was killed meanwhile', () => {
  assert.ok(report.verdict.deadLetters > 0)
})
