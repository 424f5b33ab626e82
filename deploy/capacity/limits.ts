import type { Demand } from './demand.ts'
import type { Values } from './figures.ts'
import { planOf, type LimitName } from './plan.ts'

/** What to do when something runs out. */
const remedies: Readonly<Record<LimitName, string>> = {
  'calls to the video cloud': 'ask the vendor for more calls; sessions wait, nothing else does',
  'states of rooms at every edge': 'another system beside it: every edge knows every room, so more edges do not help',
  'states of rooms at every ingest': 'another system beside it: every ingest knows every room',
  'viewers of rooms at every edge':
    'send clients to an edge of their room or partition; a longer EDGE_PRESENCE_EXPIRY_MS',
  'comments and likes at every edge':
    'send clients to an edge of their room’s partition, so that it reads few partitions',
  'fetches of every edge': 'fewer and larger brokers; clients to an edge of their room’s partition',
  'memory of every edge': 'larger edges, or another system beside it',
  'one state-machine for a partition': 'more partitions, before the first record: their number is for life',
  'mix commands under way': 'more partitions, before the first record',
  'the sum of all at every edge':
    'another system beside it: what an edge has to do for all rooms fills a processor, without any client',
  brokers: 'more processors for each broker, or another system beside it: more brokers are more fetches',
}

/** How many clients one system has when something runs out, with as many clients in a room throughout. */
export type FirstLimit = { readonly what: LimitName; readonly clients: number; readonly remedy: string }

const from = 1_000
const to = 1e9
const steps = 120

/** What runs out in one system that grows, the first first; what lasts for a thousand million clients is left out. */
export const limitsInOrder = (demand: Demand, of: Values): readonly FirstLimit[] => {
  const clientsPerRoom = demand.CLIENTS / demand.ROOMS
  const found = new Map<LimitName, number>()
  const factor = (to / from) ** (1 / steps)
  for (let clients = from; clients <= to; clients *= factor) {
    const { limits } = planOf({ ...demand, CLIENTS: clients, ROOMS: Math.max(1, clients / clientsPerRoom) }, of)
    for (const { what, share } of limits) if (share >= 1 && !found.has(what)) found.set(what, clients)
  }
  return [...found]
    .map(([what, clients]) => ({ what, clients, remedy: remedies[what] }))
    .toSorted((one, other) => one.clients - other.clients)
}
