// A process of ingest's HTTP server with nothing behind it: what a request costs before Kafka.
import { createHash, randomBytes } from 'node:crypto'
import { createHttp } from '../../../services/ingest/adapters/http.ts'
import { createNameMemory } from '../../../services/ingest/domain/names.ts'
import {
  createInMemoryEvents,
  createInMemoryOutcomes,
  createInMemoryRooms,
} from '../../../services/ingest/in-memory.ts'
import { createIntake } from '../../../services/ingest/intake.ts'
import { systemClock } from '../../../services/shared/clock.ts'
import { silentLog } from '../../../services/shared/log.ts'
import { createMediaAddresses } from '../../../services/shared/media.ts'
import { createMetrics } from '../../../services/shared/metrics.ts'
import { tracingOff } from '../../../services/shared/tracing/tracing.ts'
import { answerParent } from '../edge/child.ts'
import { valueOf } from './records.ts'

export type IngestApi = {
  readonly start: (apiKey: string) => Promise<number>
  /** Of this process, in µs since its start. */
  readonly cpuUs: (none: null) => number
}

const start: IngestApi['start'] = async (apiKey) => {
  const events = createInMemoryEvents()
  events.onAppended(({ type, record }) => {
    valueOf(type, record)
    events.appended.length = 0
  })
  const media = createMediaAddresses({
    pushHost: 'push',
    playHost: 'play',
    app: 'App',
    authKey: undefined,
    mixSuffix: '_mix',
  })
  const intake = createIntake({
    events,
    outcomes: createInMemoryOutcomes(),
    rooms: createInMemoryRooms(),
    names: createNameMemory({ maxNames: 10_000 }),
    addresses: media,
    clock: systemClock,
    newEventId: () => randomBytes(16).toString('hex'),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })
  const http = await createHttp({
    intake,
    roomOf: media.roomOf,
    settings: {
      apiKeys: [apiKey],
      callbackKey: undefined,
      callbackDomains: ['push', 'play'],
      callbackAllow: undefined,
      trustedProxies: undefined,
      rateLimitPerSecond: 0,
      maxBodyBytes: 16_384,
    },
    clock: systemClock,
    metrics: createMetrics({ service: 'ingest' }),
    tracing: tracingOff,
    log: silentLog,
  })
  const address = new URL(await http.listen({ host: '127.0.0.1', port: 0 }))
  return Number(address.port)
}

answerParent<IngestApi>({
  start,
  cpuUs: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
})
