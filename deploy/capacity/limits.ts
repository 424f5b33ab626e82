import type { Demand } from './demand.ts'
import type { Values } from './figures.ts'
import { planOf, type LimitName } from './plan.ts'

/** How many clients one system has when something runs out, with as many clients in a room throughout. */
export type FirstLimit = { readonly what: LimitName; readonly clients: number }

const from = 1_000
const to = 1e9
const steps = 60

/** What runs out in one system that grows, the first first; what lasts for a thousand million clients is left out. */
export const limitsInOrder = (demand: Demand, of: Values): readonly FirstLimit[] => {
  const clientsPerRoom = demand.CLIENTS / demand.ROOMS
  const found = new Map<LimitName, number>()
  const factor = (to / from) ** (1 / steps)
  for (let clients = from; clients <= to; clients *= factor) {
    const { limits } = planOf({ ...demand, CLIENTS: clients, ROOMS: Math.max(1, clients / clientsPerRoom) }, of)
    for (const { what, share } of limits) if (share >= 1 && !found.has(what)) found.set(what, clients)
  }
  return [...found].map(([what, clients]) => ({ what, clients })).toSorted((one, other) => one.clients - other.clients)
}
