import { topics } from '../../schemas/topics.ts'
import { createCodec } from '../shared/codec/codec.ts'
import { createDeadLetters } from '../shared/dead-letter.ts'
import { createKafkaMetrics } from '../shared/kafka-metrics.ts'
import { createBatchingProducer } from '../shared/kafka/batching-producer.ts'
import { createKafka } from '../shared/kafka/client.ts'
import { createReadingMetrics } from '../shared/reading-metrics.ts'
import { runService } from '../shared/service.ts'
import { createCommands } from './adapters/commands.ts'
import { createResults } from './adapters/results.ts'
import { createCarryOut } from './carry-out.ts'
import { readMixerConfig } from './config.ts'
import { createHandleCommand } from './handle-command.ts'
import { createAnsweredMetrics, createMixerLag } from './metrics.ts'
import { openCloud } from './open-cloud.ts'
import { createWorker } from './worker.ts'

/** Commands under way at the same time, and commands read ahead, per partition. */
const maxRunning = 64
const maxOpen = 256
const drainMs = 3_000

await runService({
  name: 'mixer',
  config: () => readMixerConfig(process.env),
  start: async ({ config, log, metrics, tracing, readiness, lifecycle, fail }) => {
    readiness.set('registry', false)
    readiness.set('commands', false)
    const kafka = createKafka({
      ...config.kafka,
      clientId: 'roomcast-mixer',
      requests: createKafkaMetrics(metrics),
      log,
    })

    const codec = createCodec({ registryUrl: config.registryUrl, timeoutMs: 2_000, log })
    await codec.prepare(topics.roomInput, lifecycle.signal)
    readiness.set('registry', true)

    const producer = await createBatchingProducer({
      kafka,
      maxBufferedMessages: 10_000,
      maxBufferedBytes: 16 * 1024 * 1024,
      deliveryTimeoutMs: 10_000,
      log,
    })
    lifecycle.onClose(() => producer.close())

    const cloud = await openCloud({ config, lifecycle, metrics, log })

    const results = createResults({ producer, codec, tracing })
    const deadLetters = createDeadLetters({ producer, service: 'mixer', metrics, log })
    const handle = createHandleCommand({
      codec,
      carryOut: createCarryOut({ cloud, now: Date.now, random: Math.random, tracing, log }),
      putResult: results.put,
      putDeadLetter: deadLetters.put,
      reading: createReadingMetrics(metrics),
      onAnswered: createAnsweredMetrics(metrics),
      tracing,
      log,
    })

    const commands = await createCommands({
      kafka,
      createWorker: (hooks) => createWorker({ ...hooks, maxRunning, handle }),
      maxOpen,
      onReady: (isReady) => readiness.set('commands', isReady),
      onCrash: fail,
      lag: createMixerLag(metrics),
      log,
    })
    lifecycle.onClose(() => commands.close(drainMs))
  },
})
