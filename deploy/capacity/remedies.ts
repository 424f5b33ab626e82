import type { LimitName } from './plan.ts'

/** What one does when it runs out. */
export const remedies: Readonly<Record<LimitName, string>> = {
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
  'the sum of all at every edge': 'as for the largest of them: a single edge has more to do than one processor can',
  brokers: 'more processors for each broker, or another system beside it: more brokers are more fetches',
}
