import { casesOf } from './observability-cost/cases.ts'
import { withEdges } from './observability-cost/edges.ts'
import { withStateMachines } from './observability-cost/state-machines.ts'
import { measureSwitched } from './observability-cost/switched.ts'
import type { Part } from './part.ts'
import { withStage } from './stage.ts'

/** What metrics cost one process; `runs`: ten times the work. Less is lost in chance than between processes, see observability-cost. */
export const metricsCostPart: Part = {
  name: 'metrics-cost',
  about:
    'CPU seconds of one state-machine and of one edge whose metrics are switched on and off by turns of 10 ms, for as much work as calls them a ' +
    "million times; Node's own metrics are off all the time",
  measure: (options) =>
    withStage(options, async (stage) => {
      const { isQuick, runs } = options
      const times = isQuick ? 1 : 10 * runs
      const inputs = { rooms: 1_000, rounds: isQuick ? 5 : 20 }
      const load = { rooms: 100, clientsPerRoom: 10, rate: 2_000, seconds: isQuick ? 10 : 5 }
      const decided = await measureSwitched(options, times, (variant, use) =>
        withStateMachines(stage, [variant], inputs, options, use),
      )
      const delivered = await measureSwitched(options, times, (variant, use) =>
        withEdges(stage, [variant], load, options, use),
      )
      return [...casesOf('state-machine', decided), ...casesOf('edge', delivered)]
    }),
}
