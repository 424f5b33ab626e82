// Kills and cuts while load runs, then proves that nothing was lost or doubled: `make chaos`. CHAOS_SECONDS (300), CHAOS_KILLS (30),
// CHAOS_SEED (any); BROKERS=3: on a cluster of three brokers, which die as well.
import { z } from 'zod'
import { brokerCounts } from '../../deploy/local/cluster.ts'
import { readConfig, whole } from '../../services/shared/config.ts'
import { runChaos, type ChaosReport } from './run-chaos.ts'
import { clusterScenario, longScenario } from './scenarios.ts'

const maxShown = 20

const describe = ({ verdict, silences, endedByThemselves, seconds }: ChaosReport): readonly string[] => {
  const count = (why: string): number => verdict.ignored.get(why) ?? 0
  const repeats =
    count('duplicate') + count('timer: stale') + count('fact: known or late') + count('step: known or late')
  const waits = verdict.waits.map(({ from, to }) => to - from).toSorted((one, other) => one - other)
  const share = (part: number): number => waits[Math.floor((waits.length - 1) * part)] ?? 0
  return [
    '',
    'What was done, and how long the longest wait of an input was that it fell into:',
    ...silences.map(({ what, longestMs }) => `  ${(longestMs / 1000).toFixed(1).padStart(5)} s  ${what}`),
    '',
    `inputs decided              ${verdict.inputs} in ${seconds.toFixed(0)} s`,
    `derived events              ${verdict.derived}, each compared with what the inputs give`,
    `transactions aborted        ${verdict.aborted}`,
    `deadlines that took effect  ${verdict.fired}, at most ${(verdict.latestFiringMs / 1000).toFixed(1)} s late, none early`,
    `repeats that were sent      ${verdict.repeatedMessages} messages between rooms`,
    `repeats and stale deadlines recognised  ${repeats}`,
    `unreadable records kept     ${verdict.deadLetters}`,
    `waits, input to output      median ${share(0.5)} ms, 99 % ${share(0.99)} ms, longest ${share(1)} ms`,
    `ended by themselves         ${endedByThemselves.length === 0 ? 'none' : endedByThemselves.join(', ')}`,
    '',
    ...verdict.differences.slice(0, maxShown).map(({ kind, where, what }) => `${kind.padEnd(10)} ${where}: ${what}`),
    verdict.differences.length === 0
      ? 'Nothing was lost, nothing was doubled.'
      : `FAILED: ${verdict.differences.length} differences between what the inputs give and what the log holds`,
  ]
}

const options = readConfig(
  z.object({
    CHAOS_SECONDS: whole(300, { min: 10 }),
    CHAOS_KILLS: whole(30, { min: 1 }),
    BROKERS: whole(1).refine((count) => brokerCounts.includes(count), `expected ${brokerCounts.join(' or ')}`),
    CHAOS_SEED: whole(Date.now() % 1_000_000),
  }),
  process.env,
)
const scenario = options.BROKERS === 1 ? longScenario : clusterScenario
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!interrupted.signal.aborted) console.log('stopping …')
    interrupted.abort()
  })
}
const startedAt = performance.now()
const say = (text: string): void =>
  console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}`)
try {
  const report = await runChaos({
    seed: options.CHAOS_SEED,
    brokers: options.BROKERS,
    scenario: scenario({ seconds: options.CHAOS_SECONDS, kills: options.CHAOS_KILLS }),
    say,
    signal: interrupted.signal,
  })
  for (const line of describe(report)) console.log(line)
  process.exitCode = report.verdict.differences.length === 0 ? 0 : 1
} catch (error) {
  if (!interrupted.signal.aborted) console.error('FAILED', error)
  process.exitCode = interrupted.signal.aborted ? 130 : 1
}
