import { randomUUID } from 'node:crypto'
import { setup } from '../../deploy/local/setup.ts'
import { topics, type Topic } from '../../schemas/topics.ts'
import type { AnyRecord, RecordName, RecordOf, Records, Room } from '../../schemas/types.generated.ts'
import { readEdgeConfig } from '../../services/edge/config.ts'
import { startEdge } from '../../services/edge/edge.ts'
import { createReadiness } from '../../services/shared/admin-server.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import type { Appended, OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { Lifecycle } from '../../services/shared/lifecycle.ts'
import { silentLog, type Log } from '../../services/shared/log.ts'
import { createMetrics, type Metrics } from '../../services/shared/metrics.ts'
import { tracingOff } from '../../services/shared/tracing/tracing.ts'
import { checkLine } from './check-line.ts'
import { edgeTopics } from './edge-records.ts'
import { joinRooms, mintToken, openEdgeSocket, type EdgeClient } from './edge-client.ts'
import { startKafka, type TestKafka } from './kafka.ts'

export const jwtSecret = 'a secret for tests'

export type TestEdge = {
  readonly url: string
  readonly metrics: Metrics
  /** A client that is connected and subscribed. */
  readonly join: (uid: string, ...rooms: readonly string[]) => Promise<EdgeClient>
  /** A client that is connected. */
  readonly connect: (uid: string, options?: { ttlSeconds?: number; rooms?: readonly string[] }) => Promise<EdgeClient>
  /** A socket that has not connected. */
  readonly open: (headers?: Readonly<Record<string, string>>) => Promise<EdgeClient>
  readonly stop: () => Promise<void>
}

/** What an edge test needs of a broker and a registry. */
export type EdgeBroker = Omit<TestKafka, 'createTopic'>

/** A broker with roomcast's topics, and what writes to them in place of the other services. */
export type EdgeStage = {
  readonly kafka: EdgeBroker
  /** Appends records as they come, each to the topic of its kind. */
  readonly write: (...records: readonly AnyRecord[]) => Promise<readonly Appended[]>
  readonly writeRoom: (room: Room) => Promise<void>
  /** Appends anything at all. */
  readonly append: (message: OutgoingMessage) => Promise<Appended>
  /** Appends records in one transaction, as the state machine does. */
  readonly transact: (...records: readonly AnyRecord[]) => Promise<readonly Appended[]>
  /** An edge in this process, with real sockets; `env` as its environment. */
  readonly startEdge: (env?: Readonly<Record<string, string>>, log?: Log) => Promise<TestEdge>
  readonly stop: () => Promise<void>
}

/** As many as local runs have: the broker may be shared with other tests. */
const partitions = 12

export const record = <N extends RecordName>(type: N, value: Records[N]): RecordOf<N> =>
  ({ type, record: value }) as RecordOf<N>

/** `kafka`: one of the test's own, which `stop` stops as well; otherwise as `startKafka` finds it. */
export const startEdgeStage = async (given?: EdgeBroker): Promise<EdgeStage> => {
  const kafka = given ?? (await startKafka())
  const { brokers, registryUrl } = kafka
  const signal = AbortSignal.timeout(120_000)
  const settings = { brokers, ssl: false, sasl: null }
  await setup({ kafka: settings, registryUrl, partitions, replication: 1, log: silentLog, signal })
  const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
  for (const topic of edgeTopics) await codec.prepare(topic, signal)
  const producer = await createBatchingProducer({
    kafka: kafka.kafka,
    maxBufferedMessages: 100_000,
    maxBufferedBytes: 256 * 1024 * 1024,
    deliveryTimeoutMs: 30_000,
    log: silentLog,
  })
  const transactional = await openTransactionalProducer({
    kafka: kafka.kafka,
    transactionalId: `edge-test-${randomUUID()}`,
    signal,
    log: silentLog,
  })
  const edges = new Set<TestEdge>()

  const rooms = new Set<string>()

  const messageOf = <N extends RecordName>({ type, record: value }: RecordOf<N>): OutgoingMessage => {
    const topic = topicOf(type)
    if (type === 'Room') rooms.add(value.roomId)
    return { topic: topic.name, key: value.roomId, value: codec.encode(topic, type, value), headers: { type } }
  }

  const startOne: EdgeStage['startEdge'] = async (env = {}, log = silentLog) => {
    const config = readEdgeConfig({
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      EDGE_JWT_SECRET: jwtSecret,
      EDGE_PORT: '0',
      ...env,
    })
    const lifecycle = new Lifecycle()
    const metrics = createMetrics({ service: 'edge' })
    const fail = (error: unknown): void => {
      throw error
    }
    const readiness = createReadiness([])
    const { port } = await startEdge({ config, log, metrics, tracing: tracingOff, readiness, lifecycle, fail })
    const url = `ws://127.0.0.1:${port}/v1/ws`
    const connect: TestEdge['connect'] = async (uid, options = {}) => {
      const client = await openEdgeSocket({ url, uid, check: checkLine })
      await client.connect(await mintToken({ secret: jwtSecret, uid, ...options }))
      return client
    }
    const edge: TestEdge = {
      url,
      metrics,
      connect,
      join: (uid, ...rooms) => joinRooms({ url, secret: jwtSecret, uid, rooms, check: checkLine }),
      open: (headers = {}) => openEdgeSocket({ url, headers, check: checkLine }),
      stop: async () => {
        edges.delete(edge)
        await lifecycle.close()
      },
    }
    edges.add(edge)
    return edge
  }

  const write: EdgeStage['write'] = (...records) => Promise.all(records.map((one) => producer.send(messageOf(one))))

  return {
    kafka,
    write,
    writeRoom: async (room) => void (await write(record('Room', room))),
    append: (message) => producer.send(message),
    transact: (...records) => transactional.transact({ messages: records.map(messageOf), consumed: null }),
    startEdge: startOne,
    stop: async () => {
      await Promise.all([...edges].map((edge) => edge.stop()))
      // The broker may be shared: nobody is to meet rooms that no state machine knows.
      const forgotten = [...rooms].map((key) => producer.send({ topic: topics.roomState.name, key, value: null }))
      await Promise.all(forgotten)
      await producer.close()
      await transactional.close()
      await kafka.stop()
    },
  }
}

const topicOf = (type: RecordName): Topic => {
  const topic = Object.values<Topic>(topics).find(({ records }) => records.includes(type))
  if (topic === undefined) throw new Error(`no topic has ${type}`)
  return topic
}
