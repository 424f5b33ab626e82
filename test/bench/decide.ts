import type { Room } from '../../schemas/types.generated.ts'
import { readStateMachineConfig } from '../../services/state-machine/config.ts'
import { createRules } from '../../services/state-machine/rules.ts'
import { decideLogged, recordLifecycles } from './lifecycles.ts'
import type { Figures, Part } from './part.ts'
import { round } from './median.ts'
import { loadNow } from './usage-sampler.ts'

const rooms = 1_000
const warmUps = 2

/** The pure decisions on one core: no Kafka, no Avro. */
export const decidePart: Part = {
  name: 'decide',
  about: 'events per second of the real decisions on one core, over co-hosting lifecycles in 1,000 rooms',
  measure: async ({ runs, isQuick, say, signal }) => {
    const rules = createRules(readStateMachineConfig({ MEDIA_AUTH_KEY: 'a key as long as real ones are' }))
    const inputs = isQuick ? 50_000 : 400_000
    say(`recording a log of ${inputs} inputs …`)
    const log = recordLifecycles({ rooms, inputs, rules })

    const decideAll = (): Figures => {
      const load1 = loadNow()
      const states = new Map<string, Room>()
      let outputs = 0
      const cpuBefore = process.cpuUsage()
      const startedAt = performance.now()
      for (const logged of log) outputs += decideLogged(states, logged, rules).length
      const seconds = (performance.now() - startedAt) / 1_000
      const { user, system } = process.cpuUsage(cpuBefore)
      return {
        eventsPerSecond: Math.round(inputs / seconds),
        // The collector of garbage has threads of its own: this may exceed the time by the clock.
        cpuSecondsPerMillion: round((user + system) / inputs),
        outputsPerInput: round(outputs / inputs),
        load1,
      }
    }
    for (let count = 0; count < warmUps; count++) decideAll()
    const measured: Figures[] = []
    for (let run = 1; run <= runs; run++) {
      signal.throwIfAborted()
      const figures = decideAll()
      say(`run ${run}: ${figures['eventsPerSecond']} events/s`)
      measured.push(figures)
    }
    const types = Object.entries(Object.groupBy(log, ({ input }) => input.type))
    const mix = types.map(([type, some]) => `${type} ${round((100 * (some?.length ?? 0)) / inputs)} %`).join(', ')
    return [{ name: 'lifecycles', about: mix, runs: measured }]
  },
}
