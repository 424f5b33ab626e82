import { createHash, randomUUID } from 'node:crypto'
import { createHttp, type HttpSettings } from '../../services/ingest/adapters/http.ts'
import { createNameMemory } from '../../services/ingest/domain/names.ts'
import { createInMemoryEvents, createInMemoryOutcomes, createInMemoryRooms } from '../../services/ingest/in-memory.ts'
import { createIntake } from '../../services/ingest/intake.ts'
import { systemClock } from '../../services/shared/clock.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createMediaAddresses } from '../../services/shared/media.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { tracingOff } from '../../services/shared/tracing/tracing.ts'

export const standInKey = 'a-key-that-nobody-uses'

const media = createMediaAddresses({
  pushHost: 'push.example.com',
  playHost: 'play.example.com',
  app: 'DemoApp',
  authKey: undefined,
  mixSuffix: '_mix',
})

/** The real HTTP door of ingest, with memory in the place of Kafka. */
export const openStandIn = async (settings: Partial<HttpSettings> = {}) => {
  const metrics = createMetrics({ service: 'ingest' })
  const events = createInMemoryEvents()
  const rooms = createInMemoryRooms()
  const outcomes = createInMemoryOutcomes()
  const intake = createIntake({
    events,
    outcomes,
    rooms,
    names: createNameMemory({ maxNames: 10_000 }),
    addresses: media,
    clock: systemClock,
    newEventId: randomUUID,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })
  const http = await createHttp({
    intake,
    roomOf: media.roomOf,
    settings: {
      apiKeys: [standInKey],
      callbackKey: standInKey,
      callbackDomains: ['push.example.com'],
      callbackAllow: undefined,
      trustedProxies: undefined,
      rateLimitPerSecond: 0,
      maxBodyBytes: 16_384,
      ...settings,
    },
    clock: systemClock,
    metrics,
    tracing: tracingOff,
    log: silentLog,
  })
  const close = async (): Promise<void> => {
    await http.close()
    metrics.clear()
  }
  return { http, events, rooms, outcomes, close }
}
