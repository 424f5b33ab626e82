import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../deploy/local/ports.ts'
import { logFile } from '../../deploy/local/processes.ts'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import type { MixCommandAnswered, StartMix, StopMix } from '../../schemas/types.generated.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startKafka } from './kafka.ts'
import { createServiceProcess } from './service-process.ts'
import type { ServiceProcess } from './service-process.ts'
import { until } from './until.ts'

/** A mixer process between the topic of its commands and that of its answers. */
export type MixerStage = {
  readonly mixer: ServiceProcess
  readonly send: (command: StartMix | StopMix) => Promise<void>
  /** The first answers to commands of a room, waiting until there are so many. */
  readonly answersOf: (roomId: string, count: number, deadlineMs?: number) => Promise<readonly MixCommandAnswered[]>
  /** All that the mixer has printed. */
  readonly readLog: () => Promise<string>
  readonly close: () => Promise<void>
}

/** @param env what the mixer is told besides broker and registry; the stage begins with an empty memory of answers */
export const createMixerStage = async (env: Readonly<Record<string, string>>): Promise<MixerStage> => {
  const kafka = await startKafka()
  await setup({
    kafka: { brokers: kafka.brokers, ssl: false, sasl: null },
    registryUrl: kafka.registryUrl,
    partitions: 12,
    replication: 1,
    log: silentLog,
    signal: AbortSignal.timeout(60_000),
  })
  const codec = createCodec({ registryUrl: kafka.registryUrl, timeoutMs: 5_000, log: silentLog })
  await codec.prepare(topics.mixCommand, AbortSignal.timeout(60_000))
  const producer = await createBatchingProducer({
    kafka: kafka.kafka,
    maxBufferedMessages: 1_000,
    maxBufferedBytes: 1_000_000,
    deliveryTimeoutMs: 10_000,
    log: silentLog,
  })

  const answers: MixCommandAnswered[] = []
  const topic = topics.roomInput.name
  const reader = await createReader({
    kafka: kafka.kafka,
    topic,
    maxWaitMs: 50,
    minBytes: 1,
    maxBytes: 1_000_000,
    onMessages: async ({ messages }) => {
      for (const { value } of messages) {
        const decoded = value === null ? undefined : await codec.decode(value)
        if (decoded?.known === true && decoded.type === 'MixCommandAnswered') answers.push(decoded.record)
      }
    },
    onOutOfRange: () => 'end',
    log: silentLog,
  })
  for (const [partition, { highWatermark }] of await fetchWatermarks({ kafka: kafka.kafka, topic }))
    reader.add(partition, highWatermark)

  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-mixer-'))
  const mixer = createServiceProcess({
    dataDir,
    service: 'mixer',
    name: 'mixer',
    adminPort: await findFreePort(),
    env: {
      ...process.env,
      KAFKA_BROKERS: kafka.brokers.join(','),
      SCHEMA_REGISTRY_URL: kafka.registryUrl,
      DATA_DIR: dataDir,
      ...env,
    },
  })

  return {
    mixer,
    send: async (command) => {
      const value =
        'mixType' in command
          ? codec.encode(topics.mixCommand, 'StartMix', command)
          : codec.encode(topics.mixCommand, 'StopMix', command)
      await producer.send({ topic: topics.mixCommand.name, key: command.roomId, value })
    },
    answersOf: async (roomId, count, deadlineMs = 30_000) => {
      const found = (): readonly MixCommandAnswered[] => answers.filter((answer) => answer.roomId === roomId)
      await until(`${count} answers to commands of ${roomId}`, () => found().length >= count, deadlineMs)
      return found()
    },
    readLog: () => readFile(logFile(dataDir, 'mixer'), 'utf8'),
    close: async () => {
      await mixer.stop()
      await reader.close()
      await producer.close()
      await kafka.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
