import { setTimeout as sleep } from 'node:timers/promises'
import type { Case, Figures, Part } from './part.ts'
import { longestByPartition } from './passages.ts'
import { openProbe } from './probe.ts'
import { withStage, type StateMachine } from './stage.ts'
import { epochNow, loadNow } from './usage-sampler.ts'

const roomCount = 1_200
const rate = 300
const settleMs = 60_000
/** What takes longer than this counts as a partition that fell silent. */
const silentMs = 500
/** What was appended just before a change is delayed by it. */
const underWayMs = 500

type Change = {
  readonly name: string
  readonly about: string
  /** What happens to the second instance. */
  readonly act: (second: StateMachine) => Promise<void>
  readonly windowSeconds: number
}

const join: Change = {
  name: 'a second instance joins',
  about: 'it takes half of the partitions over',
  act: (second) => second.start(),
  windowSeconds: 15,
}
const changes: readonly Change[] = [
  join,
  {
    name: 'it leaves by SIGTERM',
    about: 'the first takes its partitions over again',
    act: (second) => second.stop(),
    windowSeconds: 15,
  },
  {
    name: 'it is killed (SIGKILL)',
    about: 'the group waits until its session of 6 s has passed',
    act: (second) => second.kill(),
    windowSeconds: 25,
  },
]

/** For how long partitions fall silent while instances come and go. */
export const rebalancePart: Part = {
  name: 'rebalance',
  about: `longest way of an input to what follows, of any of 12 partitions, at ${rate} inputs a second, while a second instance comes and goes`,
  measure: (options) =>
    withStage(options, async (stage): Promise<readonly Case[]> => {
      const { runs, isQuick, say, signal } = options
      const [warmUpSeconds, baselineSeconds] = isQuick ? [3, 3] : [30, 10]
      const first = await stage.createStateMachine('state-machine-a')
      const second = await stage.createStateMachine('state-machine-b')
      await first.start()
      await first.ready()
      const probe = await openProbe(stage, { rooms: roomCount, signal })
      const windows: {
        readonly change: Change
        readonly from: number
        readonly at: number
        readonly to: number
        readonly load1: number
      }[] = []
      const observe = async (change: Change): Promise<void> => {
        const from = epochNow()
        await sleep(baselineSeconds * 1_000, undefined, { signal })
        const load1 = loadNow()
        const at = epochNow()
        await change.act(second)
        await sleep(change.windowSeconds * 1_000, undefined, { signal })
        windows.push({ change, from, at, to: epochNow(), load1 })
      }
      try {
        say(`${rate} inputs a second, ${warmUpSeconds} s of warm-up …`)
        const stop = probe.start(rate)
        await sleep(warmUpSeconds * 1_000, undefined, { signal })
        for (let run = 1; run <= runs; run++) {
          for (const change of changes) {
            if (change !== join && !(await second.isRunning())) await observe(join)
            say(`run ${run}: ${change.name} …`)
            await observe(change)
          }
        }
        await stop()
        await probe.settle(settleMs)
      } finally {
        await probe.close()
      }
      return changes.map((change) => ({
        name: change.name,
        about: change.about,
        runs: windows
          .filter((window) => window.change === change)
          .map(({ from, at, to, load1 }): Figures => {
            const longest = longestByPartition(probe.between(at - underWayMs, to))
            return {
              longestMs: Math.max(...longest),
              silentPartitions: longest.filter((ms) => ms > silentMs).length,
              longestBeforeMs: Math.max(...longestByPartition(probe.between(from, at - underWayMs))),
              load1,
            }
          }),
      }))
    }),
}
