import { layOut, type Layout } from './cells.ts'
import type { Demand } from './demand.ts'
import type { Values } from './figures.ts'
import { drawLineChart, type Series } from './line-chart.ts'
import type { Plan } from './plan.ts'

const clients = Array.from({ length: 31 }, (_, step) => 10 ** (4 + step / 10))
const x = { from: 1e4, to: 1e7, name: 'clients, a hundred in each room' }
const grown = (demand: Demand, count: number): Demand => ({
  ...demand,
  CLIENTS: count,
  ROOMS: Math.max(1, count / 100),
})

/** Processes of all systems together. */
export const drawProcesses = (demand: Demand, of: Values): string => {
  const layouts = clients.flatMap((count): readonly (readonly [number, Layout])[] => {
    const layout = layOut(grown(demand, count), of)
    return layout === undefined ? [] : [[count, layout]]
  })
  const line = (name: string, countOf: (plan: Plan) => number): Series => ({
    name,
    points: layouts.map(([count, { cells, plan }]) => [count, cells * countOf(plan)]),
  })
  return drawLineChart({
    title: 'Processes of all systems, spares included',
    x,
    y: { from: 1, to: 1_000 },
    series: [
      line('edge', ({ edges }) => edges),
      line('ingest', ({ services }) => services.ingest.instances ?? 0),
      line('state-machine', ({ services }) => services.stateMachine.instances ?? 0),
      line('mixer', ({ services }) => services.mixer.instances ?? 0),
      line('brokers', ({ brokers }) => brokers),
      { name: 'systems', points: layouts.map(([count, { cells }]) => [count, cells]) },
    ],
  })
}
