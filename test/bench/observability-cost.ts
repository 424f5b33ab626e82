import { join } from 'node:path'
import { startChild } from './edge/child.ts'
import { casesOf } from './observability-cost/cases.ts'
import { withEdges } from './observability-cost/edges.ts'
import { scrapeEdge } from './observability-cost/scraped-edge.ts'
import { scrapeStateMachine } from './observability-cost/scraped-state-machine.ts'
import { measureInSlices, type Slicing } from './observability-cost/slices.ts'
import type { SpanSinkApi } from './observability-cost/span-sink.ts'
import { withStateMachines } from './observability-cost/state-machines.ts'
import { variantsWith } from './observability-cost/variants.ts'
import type { Case, Part, PartOptions } from './part.ts'
import { partitions, withStage, type Stage } from './stage.ts'

/** What scrapes take of services that have much to do. */
const scrapedCases = async (stage: Stage, options: PartOptions): Promise<readonly Case[]> => {
  const { isQuick, say } = options
  const scrapes = { count: isQuick ? 10 : 100, everyMs: 100 }
  const edge = { rooms: isQuick ? 50 : 1_000, clientsPerRoom: 10, rate: 1_000, scrapes }
  const stateMachine = { rooms: isQuick ? 2_000 : 100_000, rate: 2_000, scrapes }
  say('scrapes of an edge …')
  const ofEdge = await scrapeEdge(stage, edge, options)
  say('scrapes of a state-machine …')
  const ofStateMachine = await scrapeStateMachine(stage, stateMachine, options)
  return [
    {
      name: 'scrapes of an edge',
      about: `${edge.rooms} rooms with ${edge.clientsPerRoom} clients each, ${edge.rate} comments/s`,
      runs: [ofEdge],
    },
    {
      name: 'scrapes of a state-machine',
      about: `${stateMachine.rooms} rooms in ${partitions} partitions, ${stateMachine.rate} inputs/s`,
      runs: [ofStateMachine],
    },
  ]
}

/** What it costs to be watched. `runs`: how often all processes are started anew. */
export const observabilityCostPart: Part = {
  name: 'observability-cost',
  about:
    'CPU seconds of a state-machine per million inputs, and of an edge per million deliveries (ten a comment), without metrics, with metrics, ' +
    'and with traces; processes of all variants run at the same time and get work by turns. What scrapes take of services under load',
  measure: (options) =>
    withStage(options, async (stage) => {
      const { isQuick, runs: generations } = options
      const sink = await startChild<SpanSinkApi>(join(import.meta.dirname, 'observability-cost/span-sink.ts'))
      try {
        const variants = variantsWith(`http://127.0.0.1:${await sink.ask('start', null)}`)
        const slicing: Slicing = { ...options, stage, variants, sink, generations, rounds: isQuick ? 1 : 3 }
        const inputs = { rooms: isQuick ? 600 : 6_000, rounds: 5 }
        const load = { rooms: 100, clientsPerRoom: 10, rate: isQuick ? 1_000 : 2_000, seconds: isQuick ? 1 : 2 }
        const decided = await measureInSlices(slicing, (use) =>
          withStateMachines(stage, variants, inputs, options, use),
        )
        const delivered = await measureInSlices(slicing, (use) => withEdges(stage, variants, load, options, use))
        return [
          ...casesOf('state-machine', decided),
          ...casesOf('edge', delivered),
          ...(await scrapedCases(stage, options)),
        ]
      } finally {
        await sink.stop()
      }
    }),
}
