import { topics } from '../../schemas/topics.ts'
import type { Load } from './load.ts'
import { fetchEnds } from './observe.ts'
import type { Stage } from './stage.ts'

const progressEveryMs = 5_000

/** Says every few seconds how much has gone in and come out. */
export const startProgress = ({
  stage: { kafka },
  load,
  say,
}: {
  readonly stage: Stage
  readonly load: Load
  readonly say: (text: string) => void
}): { readonly stop: () => void } => {
  let last = { sent: 0, at: performance.now() }
  const report = async (): Promise<void> => {
    const sum = (offsets: ReadonlyMap<number, number>): number => [...offsets.values()].reduce((a, b) => a + b, 0)
    const inputs = sum(await fetchEnds(kafka, topics.roomInput.name))
    const pushes = sum(await fetchEnds(kafka, topics.pushSignal.name))
    const now = { sent: load.sent(), at: performance.now() }
    const perSecond = ((now.sent - last.sent) * 1_000) / (now.at - last.at)
    last = now
    say(`  ${perSecond.toFixed(0)} inputs/s sent; ${inputs} in the log, ${pushes} pushes decided`)
  }
  const timer = setInterval(() => {
    report().catch(() => say('  the broker does not answer'))
  }, progressEveryMs)
  return { stop: () => clearInterval(timer) }
}
