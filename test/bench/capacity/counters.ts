import { metricSum } from '../../support/metric-sum.ts'
import { readMetrics } from '../../support/read-metrics.ts'
import type { Figures } from '../part.ts'
import type { Stage } from '../stage.ts'
import type { WholeSystem } from '../whole-system.ts'
import { readAppended } from './appended.ts'

/** What all services have counted so far, and the sizes of all logs, in bytes. */
export const readCounters = async ({ services }: WholeSystem, { dataDir }: Stage): Promise<Figures> => {
  const read = async (service: keyof WholeSystem['services']): Promise<string> =>
    readMetrics(services[service].adminUrl)
  const [ingest, stateMachine, mixer, edge, bytes] = await Promise.all([
    read('ingest'),
    read('stateMachine'),
    read('mixer'),
    read('edge'),
    readAppended(dataDir),
  ])
  const asked = (text: string, api: string): number =>
    metricSum(text, 'roomcast_kafka_request_seconds_count', `api="${api}"`)
  return {
    requests: metricSum(ingest, 'roomcast_ingest_request_seconds_count'),
    inputs: metricSum(stateMachine, 'roomcast_inputs_total'),
    transactions: metricSum(stateMachine, 'roomcast_transactions_total'),
    commands: metricSum(mixer, 'roomcast_mix_command_seconds_count'),
    messages: metricSum(edge, 'roomcast_edge_messages_sent_total'),
    clientBytes: metricSum(edge, 'roomcast_edge_sent_bytes_total'),
    edgeFetches: asked(edge, 'Fetch'),
    ingestFetches: asked(ingest, 'Fetch'),
    stateMachineFetches: asked(stateMachine, 'Fetch'),
    produces: [ingest, stateMachine, mixer, edge].reduce((sum, text) => sum + asked(text, 'Produce'), 0),
    ...Object.fromEntries(Object.entries(bytes).map(([topic, size]) => [`${topic}Bytes`, size])),
  }
}
