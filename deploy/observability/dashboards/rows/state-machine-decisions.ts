import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { units } from '../units.ts'

export const decisionsRow = (q: Queries): Row => ({
  title: 'Decisions',
  lines: [
    [
      graph({
        title: 'Inputs decided, by type',
        unit: units.eventsPerSecond,
        queries: [busy((of) => q.rate('roomcast_inputs_total', of), { by: 'type' })],
        shows: 'Inputs of room.input.v1 that were decided.',
        normal: 'follows what ingest accepts; ProbeSent goes on at night.',
        next: 'at 0 while ingest accepts events: it stands still. Lines that end: it does not run.',
        heading: 'PartitionStalled',
      }),
      graph({
        title: 'Inputs that changed nothing, by reason',
        unit: units.eventsPerSecond,
        queries: [busy((of) => q.rate('roomcast_inputs_total', of), { where: 'result!="applied"', by: 'result' })],
        shows: 'Inputs that were ignored, and why.',
        normal: 'repeats and callbacks of what is over.',
        next: 'one reason in numbers since a deployment: its callers.',
      }),
      graph({
        title: 'Outcomes of requests, by code',
        unit: units.requestsPerSecond,
        queries: [busy((of) => q.rate('roomcast_requests_decided_total', of), { by: 'code' })],
        shows: 'How requests were decided: 200 is done, any other code says why not.',
        normal: 'mostly 200.',
        next: 'the codes are those of the API: 3020 busy, 3404 no such invite, 2003 room is over.',
      }),
      graph({
        title: 'From input to commit',
        unit: units.seconds,
        queries: q.quantiles('roomcast_derived_seconds', { by: 'weight' }),
        steps: ['green', [0.5, 'red']],
        none: 'no pushes',
        shows:
          'From occurredAt of an input, which its sender sets, to the commit of the push that it caused, weights 4 and 5. The latency at the socket begins later, when the input was appended, and can be shorter.',
        normal: 'median 10 to 60 ms, p99 below 0.25 s.',
        next: 'high here: transactions or lag. Low here and high at the socket: the edge.',
        heading: 'DeliveryBudgetBurns',
      }),
    ],
  ],
})
