import type { Demand } from './demand.ts'
import type { Values } from './figures.ts'
import { fits, planOf, type Plan } from './plan.ts'

/** So many systems beside each other, each with a Kafka, rooms and clients of its own; `plan` is that of each of them. */
export type Layout = { readonly cells: number; readonly plan: Plan }

const mostCells = 1_000

/** The fewest systems that carry it; undefined when even one room with its clients is too much for one. Rooms of different systems cannot co-host. */
export const layOut = (demand: Demand, of: Values): Layout | undefined => {
  for (let cells = 1; cells <= Math.max(1, Math.min(mostCells, demand.ROOMS)); cells += 1) {
    const plan = planOf(shareOf(demand, cells), of)
    if (fits(plan)) return { cells, plan }
  }
  return undefined
}

export const shareOf = (demand: Demand, cells: number): Demand => ({
  ...demand,
  ROOMS: demand.ROOMS / cells,
  CLIENTS: demand.CLIENTS / cells,
})
