import { setTimeout as sleep } from 'node:timers/promises'
import type { Case, Figures, Part, PartOptions } from './part.ts'
import { latencyFigures } from './passages.ts'
import { openProbe } from './probe.ts'
import { withStage, type Stage } from './stage.ts'
import { epochNow, loadNow, startUsageSampler } from './usage-sampler.ts'

const roomCount = 1_000
const settleMs = 30_000

/** One warm-up, then the runs one after the other while the load goes on. */
const measureRate = async (stage: Stage, rate: number, { runs, isQuick, say, signal }: PartOptions): Promise<Case> => {
  const [warmUpSeconds, seconds] = isQuick ? [3, 3] : [45, 30]
  const stateMachine = await stage.createStateMachine(`state-machine-${rate}`)
  await stateMachine.start()
  await stateMachine.ready()
  const sampler = startUsageSampler({ stateMachine: await stateMachine.pid(), broker: stage.brokerPid })
  const probe = await openProbe(stage, { rooms: roomCount, signal })
  const windows: { readonly from: number; readonly to: number; readonly load1: number }[] = []
  try {
    say(`${rate} inputs a second: ${warmUpSeconds} s of warm-up, then ${runs} runs of ${seconds} s …`)
    const stop = probe.start(rate)
    await sleep(warmUpSeconds * 1_000, undefined, { signal })
    for (let run = 1; run <= runs; run++) {
      const from = epochNow()
      const load1 = loadNow()
      await sleep(seconds * 1_000, undefined, { signal })
      windows.push({ from, to: epochNow(), load1 })
      say(`run ${run} is over`)
    }
    await stop()
    await probe.settle(settleMs)
  } finally {
    await probe.close()
    await sampler.stop()
    await stateMachine.stop()
  }
  const measured = windows.map(({ from, to, load1 }): Figures => ({
    ...latencyFigures(probe.between(from, to)),
    ...sampler.between(from, to),
    load1,
  }))
  return { name: `${rate}/s`, about: `over ${roomCount} rooms, each input pushes one message`, runs: measured }
}

/** How long an input takes through the state-machine at a steady rate. */
export const pacePart: Part = {
  name: 'pace',
  about:
    'from the append of an input to room.input to the arrival of what follows at a reader of committed records, and to its append',
  measure: (options) =>
    withStage(options, async (stage) => [
      await measureRate(stage, 200, options),
      await measureRate(stage, 2_000, options),
    ]),
}
