import type { Board } from './board.ts'
import { instances, notReady, registryAway, slowKafka } from './first-row.ts'
import { stat } from './panels.ts'
import { createQueries, orZero, share } from './queries.ts'
import { objectiveSteps } from './steps.ts'
import { units } from './units.ts'
import { eventsRow } from './rows/ingest-events.ts'
import { requestsRow } from './rows/ingest-requests.ts'
import { processRow } from './rows/process.ts'
import { readingRow } from './rows/reading.ts'

const q = createQueries('service="ingest",instance=~"$instance"')

const requests = 'roomcast_ingest_request_seconds'

export const ingest: Board = {
  uid: 'roomcast-ingest',
  title: 'roomcast: ingest',
  description:
    'HTTP of app servers and of the video cloud, to Kafka. An answer of 200 or 202 means that the event is there.',
  instancesOf: 'job="ingest"',
  rows: [
    {
      title: 'Does it take in what comes?',
      lines: [
        [
          instances(['ingest']),
          notReady(q, 'part'),
          stat({
            title: 'Requests answered',
            unit: units.share,
            decimals: 2,
            queries: [
              {
                expr: `1 - ${share(orZero(q.rate(`${requests}_count`, { where: 'status=~"5.."' })), q.rate(`${requests}_count`)).expr}`,
                legend: 'answered',
              },
            ],
            steps: objectiveSteps,
            none: 'no requests',
            shows: 'Requests that were not answered 5xx, in the last moments.',
            normal: 'above 99.9 %.',
            next: 'the panels of events by result say whether it is Kafka, the registry or a defect.',
            heading: 'IngestBudgetBurns',
          }),
          stat({
            title: 'Request, p99',
            unit: units.seconds,
            queries: [q.quantile(0.99, requests)],
            steps: ['green', [1, 'orange'], [5, 'red']],
            none: 'no requests',
            shows: 'Time from the arrival of a request to the end of its answer, one in a hundred longer.',
            normal: 'below 0.1 s.',
            next: 'near 2 s: outcomes do not come in time. Is the state-machine there and ready? Is Kafka slow? Then see its panel "From input to commit".',
            heading: 'ServiceDown',
          }),
          slowKafka(q, 'instance'),
          registryAway(q, 'instance'),
        ],
      ],
    },
    requestsRow(q),
    eventsRow(q),
    readingRow(q),
    processRow(q),
  ],
}
