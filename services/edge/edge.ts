import { pushMessageOf } from '../../schemas/events.ts'
import { topics } from '../../schemas/topics.ts'
import { monotonicClock, systemClock } from '../shared/clock.ts'
import { createCodec } from '../shared/codec/codec.ts'
import { createDeadLetters } from '../shared/dead-letter.ts'
import { fetchClusterId } from '../shared/kafka/admin.ts'
import { createBatchingProducer } from '../shared/kafka/batching-producer.ts'
import { createKafka } from '../shared/kafka/client.ts'
import { fetchPartitionCount } from '../shared/kafka/offsets.ts'
import { partitionFor } from '../shared/kafka/partitioner.ts'
import { createMediaAddresses } from '../shared/media.ts'
import type { ServiceContext } from '../shared/service.ts'
import { createLanes } from './adapters/lanes.ts'
import { createRoomStates } from './adapters/room-states.ts'
import { createSignalLog } from './adapters/signal-log.ts'
import { createTokenVerifier } from './adapters/tokens.ts'
import { startWebSocketServer } from './adapters/websocket.ts'
import type { EdgeConfig } from './config.ts'
import { closeConnection, type Connection } from './connection.ts'
import { createRecordReader } from '../shared/record-reader.ts'
import { createDelivery } from './delivery.ts'
import { createRooms } from './domain/rooms.ts'
import { snapshotOf } from './domain/snapshot.ts'
import { lineOf, withCount, type MessageKind } from './domain/wire.ts'
import { createEdgeMetrics } from './metrics.ts'
import type { Push } from './push.ts'
import { createSessions } from './sessions.ts'
import { createSubscriptions } from './subscriptions.ts'

const path = '/v1/ws'
const registryTimeoutMs = 5_000

/** What may wait for one connection: see OutboxPolicy. */
const maxSignalBytes = 1024 * 1024
const maxCommentBytes = 64 * 1024
const commentsPerLike = 4

/** Starts an edge and resolves when it listens; ready it is when it has read `room.state`. Resolves with its port. */
export const startEdge = async ({
  config,
  log,
  metrics: registry,
  readiness,
  lifecycle,
  fail,
}: ServiceContext<EdgeConfig>): Promise<{ readonly port: number }> => {
  readiness.set('room-state', false)
  // Reading goes on while clients are sent away, so it does not stop with the first word of stopping.
  const reading = new AbortController()
  const { signal } = reading
  const giveUp = (): void => reading.abort(lifecycle.signal.reason)
  lifecycle.signal.addEventListener('abort', giveUp)

  const { brokers, ssl, sasl } = config.kafka
  const kafka = createKafka({ brokers, clientId: 'roomcast-edge', ssl, sasl, log })
  const producer = await createBatchingProducer({
    kafka,
    maxBufferedMessages: 1_000,
    maxBufferedBytes: 16 * 1024 * 1024,
    deliveryTimeoutMs: 10_000,
    log,
  })
  lifecycle.onClose(() => producer.close())
  lifecycle.onClose(() => reading.abort())

  const rooms = createRooms<Connection>({ onUnused: (partition) => lanes.close(partition) })
  const metrics = createEdgeMetrics({
    metrics: registry,
    gauges: {
      connections: () => sessions.count(),
      subscriptions: () => rooms.subscriptions(),
      queuedBytes: () => delivery.queuedBytes(),
      rooms: () => states.size(),
    },
  })
  const records = createRecordReader({
    codec: createCodec({ registryUrl: config.registryUrl, timeoutMs: registryTimeoutMs, log }),
    deadLetters: createDeadLetters({ producer, service: 'edge', metrics: registry, log }),
    metrics: registry,
    log,
    signal,
  })

  const [partitions, clusterId] = await Promise.all([
    fetchPartitionCount({ kafka, topic: topics.pushSignal.name, signal }),
    fetchClusterId({ kafka, signal }),
  ])
  const partitionOf = (roomId: string): number => partitionFor(roomId, partitions)

  const { streamUrl } = createMediaAddresses(config.media)
  const states = await createRoomStates({
    kafka,
    records,
    viewOf: (room) => snapshotOf(room, streamUrl),
    onRestored: () => readiness.set('room-state', true),
    onLost: fail,
    log,
    signal,
  })
  lifecycle.onClose(() => states.stop())

  const likeKind = kindOf('Liked')
  const delivery = createDelivery({
    policy: {
      maxSignalBytes,
      maxCommentBytes,
      commentsPerLike,
      withCount: (line, count) => withCount(likeKind, line, count),
    },
    metrics,
    clock: systemClock,
    log,
  })

  const onRecord = ({ type, record, message }: Push, offset: number): void => {
    const room = rooms.get(record.roomId)
    const line = lineOf({ kind: message, name: type, record, pos: offset })
    if (room === undefined || line === undefined) return
    if ('inputPos' in record) room.lastInputPos = Math.max(room.lastInputPos, record.inputPos)
    if (room.members.size > 0) delivery.add(room, line)
  }
  const lanes = await createLanes({
    kafka,
    records,
    homeOf: (roomId) => rooms.get(roomId)?.partition,
    onRecord,
    onLost: (partition) => {
      for (const { members } of rooms.inPartition(partition)) {
        for (const member of members) closeConnection(member, 'sourceLost')
      }
    },
    clock: systemClock,
    log,
    signal,
  })
  lifecycle.onClose(() => lanes.stop())

  const subscriptions = createSubscriptions({
    rooms,
    lanes,
    states,
    signalLog: createSignalLog({ kafka, records, log }),
    delivery,
    roomStateKind: kindOf('RoomState'),
    partitionOf,
    clusterId,
    maxRooms: config.maxRoomsPerConnection,
    waitMs: config.stateWaitMs,
    inviteTtlMs: config.inviteTtlMs,
    clock: systemClock,
  })
  const sessions = createSessions({
    verifyToken: createTokenVerifier({ secret: config.jwtSecret, jwksUrl: config.jwksUrl }),
    subscriptions,
    delivery,
    limits: config.limits,
    metrics,
    clock: monotonicClock,
    wallClock: systemClock,
    random: Math.random,
    log,
  })

  const server = await startWebSocketServer({ port: config.port, path, events: sessions.events })
  const sweeping = setInterval(sessions.sweep, config.sweepMs)
  lifecycle.onClose(() => {
    clearInterval(sweeping)
    server.close()
  })
  lifecycle.onClose(() => sessions.drain(config.drainMs))
  lifecycle.onClose(() => server.stopListening())
  lifecycle.signal.removeEventListener('abort', giveUp)
  log.info({ port: server.port, path }, 'edge listens')
  return { port: server.port }
}

const kindOf = (record: string): MessageKind => {
  const kind = pushMessageOf(record)
  if (kind === undefined) throw new Error(`there is no push message ${record}`)
  return kind
}
