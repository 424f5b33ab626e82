import { createHash, randomBytes } from 'node:crypto'
import { topics } from '../../schemas/topics.ts'
import { createCodec } from '../shared/codec/codec.ts'
import { systemClock } from '../shared/clock.ts'
import { createDeadLetters } from '../shared/dead-letter.ts'
import { createKafkaMetrics } from '../shared/kafka-metrics.ts'
import { createBatchingProducer } from '../shared/kafka/batching-producer.ts'
import { createKafka } from '../shared/kafka/client.ts'
import { fetchPartitionCount } from '../shared/kafka/offsets.ts'
import { createMediaAddresses } from '../shared/media.ts'
import { findProbeRooms } from '../shared/probe-rooms.ts'
import { runService } from '../shared/service.ts'
import { createEvents, writtenTopics } from './adapters/events.ts'
import { createHttp } from './adapters/http.ts'
import { createOutcomes } from './adapters/outcomes.ts'
import { createRooms } from './adapters/rooms.ts'
import { readIngestConfig } from './config.ts'
import { createRecordReader } from '../shared/record-reader.ts'
import { createNameMemory } from './domain/names.ts'
import { createIntake } from './intake.ts'
import { createIngestLag } from './metrics.ts'
import { startProbe } from './probe.ts'

const maxNames = 100_000

await runService({
  name: 'ingest',
  config: () => readIngestConfig(process.env),
  start: async ({ config, log, metrics, tracing, readiness, lifecycle }) => {
    const { signal } = lifecycle
    const clock = systemClock
    for (const part of ['registry', 'rooms', 'outcomes', 'http']) readiness.set(part, false)
    const kafka = createKafka({
      ...config.kafka,
      clientId: 'roomcast-ingest',
      requests: createKafkaMetrics(metrics),
      log,
    })

    const codec = createCodec({ registryUrl: config.registryUrl, timeoutMs: 2_000, log })
    for (const topic of writtenTopics) await codec.prepare(topic, signal)
    readiness.set('registry', true)

    const producer = await createBatchingProducer({
      kafka,
      maxBufferedMessages: 50_000,
      maxBufferedBytes: 64 * 1024 * 1024,
      // a caller waits for it: the answer is then 503
      deliveryTimeoutMs: 5_000,
      log,
    })
    lifecycle.onClose(() => producer.close())

    const deadLetters = createDeadLetters({ producer, service: 'ingest', metrics, log })
    const records = createRecordReader({ codec, deadLetters, metrics, log, signal })
    const lagOf = createIngestLag(metrics)
    const roomsLag = lagOf(topics.roomState.name)
    const rooms = await createRooms({ kafka, records, metrics, lag: roomsLag, log, signal })
    lifecycle.onClose(() => rooms.close())
    const outcomesLag = lagOf(topics.requestOutcome.name)
    const outcomes = await createOutcomes({ kafka, records, clock, metrics, lag: outcomesLag, log, signal })
    lifecycle.onClose(() => outcomes.close())
    await rooms.restored()
    readiness.set('rooms', true)
    await outcomes.restored()
    readiness.set('outcomes', true)

    const addresses = createMediaAddresses(config.media)
    const events = createEvents({ producer, codec, metrics, tracing })
    const newEventId = (): string => randomBytes(16).toString('hex')
    const intake = createIntake({
      events,
      outcomes,
      rooms,
      names: createNameMemory({ maxNames }),
      addresses,
      clock,
      newEventId,
      sha256: (text) => createHash('sha256').update(text).digest('hex'),
    })
    const partitions = await fetchPartitionCount({ kafka, topic: topics.roomInput.name, signal })
    const http = await createHttp({
      intake,
      roomOf: addresses.roomOf,
      settings: { ...config, callbackDomains: [config.media.pushHost, config.media.playHost] },
      clock,
      metrics,
      tracing,
      log,
    })
    lifecycle.onClose(() => http.close())
    await http.listen({ port: config.port, host: '0.0.0.0' })
    const address = http.server.address()
    log.info({ port: typeof address === 'object' ? address?.port : undefined }, 'ingest listens')
    readiness.set('http', true)

    if (config.probeMs === 0) return
    const probe = startProbe({
      events,
      rooms: findProbeRooms(partitions),
      everyMs: config.probeMs,
      clock,
      newEventId,
      log,
    })
    lifecycle.onClose(() => probe.stop())
  },
})
