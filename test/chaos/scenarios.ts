import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random.ts'
import type { Scenario } from './run-chaos.ts'

/** Of everything a little, in about a minute. */
export const shortScenario: Scenario = async ({ disturbances, random, signal }) => {
  const breathe = (): Promise<void> => sleep(random.whole(300, 1_200), undefined, { signal })
  await breathe()
  await disturbances.killOne()
  await breathe()
  await disturbances.killOne()
  await disturbances.killMixer()
  await breathe()
  await disturbances.killBoth()
  await breathe()
  await disturbances.withoutRegistry(10_000, disturbances.freezeOne)
  await breathe()
  await disturbances.restartBroker('SIGTERM')
  await breathe()
  await disturbances.killOne()
  await breathe()
  await disturbances.restartBroker('SIGKILL')
  await breathe()
}

type Step = (disturbances: Parameters<Scenario>[0]['disturbances']) => Promise<void>

/** Every so many times, both state-machines are killed at once. */
const bothEvery = 6
const mixerEvery = 6
const registryAwayShare = 0.2
/** What one blow did is over before the next one. */
const betweenBlowsMs = 8_000

/**
 * So many kills of state-machines over so long a time, and between them everything else, in an order that the seed chooses. It takes longer
 * where the machine cannot keep up.
 */
export const longScenario = ({ seconds, kills }: { readonly seconds: number; readonly kills: number }): Scenario => {
  const killing: Step[] = []
  for (let left = kills; left > 0;) {
    const both = left > 1 && killing.length % bothEvery === bothEvery - 1
    killing.push(both ? ({ killBoth }) => killBoth() : ({ killOne }) => killOne())
    left -= both ? 2 : 1
  }
  const registryAwayMs = Math.min(60_000, seconds * registryAwayShare * 1_000)
  const others: readonly Step[] = [
    ...Array.from(
      { length: Math.ceil(kills / mixerEvery) },
      (): Step =>
        ({ killMixer }) =>
          killMixer(),
    ),
    ({ freezeOne }) => freezeOne(),
    ({ freezeOne }) => freezeOne(),
    ({ restartBroker }) => restartBroker('SIGTERM'),
    ({ restartBroker }) => restartBroker('SIGKILL'),
    ({ withoutRegistry, freezeOne }) => withoutRegistry(registryAwayMs, freezeOne),
  ]
  return async ({ disturbances, random, signal }) => {
    const steps = shuffle([...killing, ...others], random)
    const startedAt = performance.now()
    // A registry that is away takes its own time; the others share what is left.
    const stepMs = (seconds * 1_000 - registryAwayMs) / steps.length
    let plannedMs = 0
    for (const step of steps) {
      plannedMs += stepMs * (0.5 + random.next())
      const earlyMs = plannedMs - (performance.now() - startedAt)
      if (earlyMs > 0) await sleep(earlyMs, undefined, { signal })
      await step(disturbances)
    }
  }
}

/**
 * Of everything that can happen to a cluster of three brokers, while state-machines are killed as well: each broker is killed, all are
 * renewed one by one, two are away at once, all are. Each blow is measured by itself.
 */
export const clusterScenario = ({ seconds, kills }: { readonly seconds: number; readonly kills: number }): Scenario => {
  const steps: readonly Step[] = [
    ...Array.from(
      { length: 3 },
      (): Step =>
        ({ restartBroker }) =>
          restartBroker('SIGKILL'),
    ),
    ({ rollBrokers }) => rollBrokers(),
    ({ loseMajority }) => loseMajority(),
    ({ killAllBrokers }) => killAllBrokers(),
    ...Array.from(
      { length: kills },
      (): Step =>
        ({ killOne }) =>
          killOne(),
    ),
    ({ restartBroker, killOne }) => Promise.all([restartBroker('SIGKILL'), killOne()]).then(() => {}),
  ]
  return async ({ disturbances, random, signal }) => {
    const startedAt = performance.now()
    const stepMs = (seconds * 1_000) / steps.length
    for (const [index, step] of shuffle(steps, random).entries()) {
      const earlyMs = stepMs * (index + 0.5) - (performance.now() - startedAt)
      await sleep(Math.max(earlyMs, betweenBlowsMs), undefined, { signal })
      await step(disturbances)
    }
  }
}

/** Fisher and Yates. */
const shuffle = <T>(items: readonly T[], random: Random): readonly T[] => {
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = random.whole(0, last)
    const [moved] = shuffled.splice(other, 1)
    if (moved !== undefined) shuffled.push(moved)
  }
  return shuffled
}
