import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { units } from '../units.ts'

export const eventsRow = (q: Queries): Row => ({
  title: 'Events and outcomes',
  lines: [
    [
      graph({
        title: 'Events on Kafka, by type',
        unit: units.eventsPerSecond,
        queries: [busy((of) => q.rate('roomcast_ingest_events_total', of), { where: 'result="accepted"', by: 'type' })],
        shows: 'Events that a broker has acknowledged.',
        normal: 'follows the traffic; ProbeSent goes on at night.',
        next: 'ProbeSent is missing too: Kafka, or ingest itself.',
        heading: 'ProbeMissing',
      }),
      graph({
        title: 'Events not on Kafka, by result',
        unit: units.eventsPerSecond,
        queries: [
          busy((of) => q.rate('roomcast_ingest_events_total', of), { where: 'result!="accepted"', by: 'result' }),
        ],
        shows: 'Events that were given up, by the code of the fault; the caller was answered 503.',
        normal: '0.',
        next: 'BROKER_…: the broker. REGISTRY_…: the registry.',
        heading: 'IngestBudgetBurns',
      }),
    ],
    [
      graph({
        title: 'How long outcomes take',
        unit: units.seconds,
        queries: q.quantiles('roomcast_ingest_outcome_wait_seconds'),
        none: 'no requests that wait',
        shows: 'How long requests waited for the state-machine, those that gave up among them.',
        normal: '10 to 60 ms. At 2 s or, as buckets are coarse, 2.5 s no outcome came: requests wait no longer.',
        next: 'is the state-machine there (Instances that answer on the first dashboard)? Then is it behind or slow?',
        heading: 'PartitionStalled',
      }),
      graph({
        title: 'Outcomes by result',
        unit: units.requestsPerSecond,
        queries: [q.rate('roomcast_ingest_outcome_wait_seconds_count', { by: 'result' })],
        none: 'no requests that wait',
        shows: 'Requests whose outcome came in time, and those that were answered 202 because it was late.',
        normal: 'late is 0.',
        next: 'all late: the state-machine is not there (Instances that answer on the first dashboard) or stands still.',
        heading: 'PartitionStalled',
      }),
      graph({
        title: 'What is kept',
        unit: units.count,
        queries: [
          q.sum('roomcast_ingest_outcomes', { by: 'state', legend: 'outcomes {{state}}' }),
          q.max('roomcast_ingest_rooms', { legend: 'rooms' }),
        ],
        shows: 'Rooms in the table, outcomes that can be asked for, and requests that wait for one.',
        normal: 'level, or as the traffic goes.',
        next: 'rooms fall without reason: the table was read anew after a restart, and is not complete yet.',
        heading: 'PartitionStalled',
      }),
    ],
  ],
})
