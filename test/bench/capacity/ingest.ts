// A process of ingest's HTTP server with nothing behind it: what a request costs before Kafka.
import { openStandIn } from '../../../docs/generators/ingest-stand-in.ts'
import { answerParent } from '../edge/child.ts'
import { valueOf } from './records.ts'

export type IngestApi = {
  readonly start: (apiKey: string) => Promise<number>
  /** Of this process, in µs since its start. */
  readonly cpuUs: (none: null) => number
}

const start: IngestApi['start'] = async (apiKey) => {
  const { http, events } = await openStandIn({ apiKeys: [apiKey] })
  events.onAppended(({ type, record }) => {
    valueOf(type, record)
    events.appended.length = 0
  })
  return Number(new URL(await http.listen({ host: '127.0.0.1', port: 0 })).port)
}

answerParent<IngestApi>({
  start,
  cpuUs: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
})
