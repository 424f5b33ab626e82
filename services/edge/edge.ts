import { randomUUID } from 'node:crypto'
import { pushMessageOf } from '../../schemas/events.ts'
import { topics } from '../../schemas/topics.ts'
import { monotonicClock, systemClock, type Clock } from '../shared/clock.ts'
import { createCodec } from '../shared/codec/codec.ts'
import { createDeadLetters } from '../shared/dead-letter.ts'
import { fetchClusterId } from '../shared/kafka/admin.ts'
import { createKafkaMetrics } from '../shared/kafka-metrics.ts'
import { createBatchingProducer } from '../shared/kafka/batching-producer.ts'
import { createKafka } from '../shared/kafka/client.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { fetchPartitionCount } from '../shared/kafka/offsets.ts'
import { partitionFor } from '../shared/kafka/partitioner.ts'
import { createMediaAddresses } from '../shared/media.ts'
import { createRecordReader } from '../shared/record-reader.ts'
import type { ServiceContext } from '../shared/service.ts'
import { createLanes } from './adapters/lanes.ts'
import { createPresenceLog } from './adapters/presence-log.ts'
import { createProbeWatch } from './adapters/probe-watch.ts'
import { createRoomStates } from './adapters/room-states.ts'
import { createSignalLog } from './adapters/signal-log.ts'
import { createTokenVerifier } from './adapters/tokens.ts'
import { startWebSocketServer } from './adapters/websocket.ts'
import type { EdgeConfig } from './config.ts'
import { createCatchUp } from './catch-up.ts'
import { createDeliveryTraces } from './delivery-traces.ts'
import { createDelivery } from './domain/delivery.ts'
import type { Line } from './domain/line.ts'
import { createNames } from './domain/names.ts'
import { encodeReconnect } from './domain/protocol.ts'
import type { Recipient } from './domain/recipient.ts'
import { createRooms } from './domain/rooms.ts'
import { snapshotOf } from './domain/snapshot.ts'
import { lineOf, withCount, type MessageKind } from './domain/wire.ts'
import type { Door } from './door.ts'
import { createLaneReading } from './lane-reading.ts'
import { createLoggedReader } from './logged.ts'
import { createEdgeLag, createEdgeMetrics } from './metrics.ts'
import { createOverloadMetrics } from './overload-metrics.ts'
import { watchOverload } from './overload.ts'
import { createPresence } from './presence.ts'
import { createTakeProbe } from './probe.ts'
import { createProbeMetrics } from './probe-metrics.ts'
import { createResumeMetrics } from './resume-metrics.ts'
import { createResumes } from './resumes.ts'
import { createRoster } from './roster.ts'
import { createSentAgain } from './sent-again.ts'
import { createSessions } from './sessions.ts'
import { createStreams } from './streams.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createWakes } from './wakes.ts'

const path = '/v1/ws'
const streamPath = '/v1/sse'
const registryTimeoutMs = 5_000
const presenceTickMs = 250

const deliveryPolicy = {
  maxSignalBytes: 1024 * 1024,
  maxCommentBytes: 64 * 1024,
  commentsPerLike: 4,
  stallMs: 30_000,
  // A room of 5,000 waits for 5 ms, one of less than a thousand never.
  holdPerMemberMs: 0.001,
  maxHoldMs: 50,
} as const

/** Starts an edge and resolves when it listens; ready it is when it has read `room.state`. Resolves with its port. */
export const startEdge = async ({
  config,
  log,
  metrics: registry,
  tracing,
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

  const kafka = createKafka({
    ...config.kafka,
    clientId: 'roomcast-edge',
    requests: createKafkaMetrics(registry),
    log,
  })
  const producer = await createBatchingProducer({
    kafka,
    maxBufferedMessages: 1_000,
    maxBufferedBytes: 16 * 1024 * 1024,
    deliveryTimeoutMs: 10_000,
    log,
  })
  lifecycle.onClose(() => producer.close())
  lifecycle.onClose(() => reading.abort())

  const rooms = createRooms<Recipient>({
    onUnused: (partition) => {
      lanes.close(partition)
      presence.close(partition)
    },
    onViewers: (roomId) => presence.changed(roomId),
  })
  const metrics = createEdgeMetrics({
    metrics: registry,
    gauges: {
      connections: () => roster.count(),
      subscriptions: () => rooms.subscriptions(),
      queuedBytes: () => delivery.queuedBytes(),
      waiting: () => delivery.waiting(),
      fast: () => delivery.fast(),
      rooms: () => states.size(),
    },
    waitingBytes: (weight) => delivery.waitingBytes(weight),
  })
  const lagOf = createEdgeLag(registry)
  const codec = createCodec({ registryUrl: config.registryUrl, timeoutMs: registryTimeoutMs, log })
  const records = createRecordReader({
    codec,
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
    lag: lagOf(topics.roomState.name),
    log,
    signal,
  })
  lifecycle.onClose(() => states.stop())

  const likeKind = kindOf('Liked')
  const delivery = createDelivery({
    rooms,
    policy: {
      ...deliveryPolicy,
      maxQueuedBytes: config.overload.maxQueuedBytes,
      withCount: (line, count) => withCount(likeKind, line, count),
    },
    ports: {
      publish: (room, frame) => server.publish(room, frame),
      wake: (atMs) => wakes.wake(atMs),
      whenWritten: (callback) => void setImmediate(callback),
      now: systemClock.now,
      ...metrics,
      losses: metrics,
    },
  })
  const traces = createDeliveryTraces({ tracing, rooms })
  const tick = (): void => {
    delivery.tick()
    traces.delivered()
  }
  const wakes = createWakes({ callback: tick, clock: systemClock })
  lifecycle.onClose(() => wakes.stop())

  const onLine = (line: Line, inputPos: number, message: IncomingMessage, type: string): void => {
    const room = rooms.get(line.room)
    if (room === undefined) return
    room.lastInputPos = Math.max(room.lastInputPos, inputPos)
    if (room.members.size === 0) return
    if (tracing.isOn) traces.begin({ message, type }, line, room)
    delivery.add(room, line)
  }
  const homeOf = (roomId: string): number | undefined => rooms.get(roomId)?.partition
  const takeProbe = createTakeProbe({ records, metrics: createProbeMetrics(registry), clock: systemClock, log })
  const probeWatch = await createProbeWatch({
    kafka,
    // Any: so the edges without clients look at different ones.
    partition: Math.floor(Math.random() * partitions),
    takeProbe,
    clock: systemClock,
    log,
    signal,
  })
  lifecycle.onClose(() => probeWatch.stop())
  probeWatch.set(true)
  const lanes = await createLanes({
    kafka,
    readLane: createLaneReading({
      records,
      homeOf,
      onLine,
      takeProbe,
      clock: systemClock,
    }),
    onLost: (partition) => {
      for (const { members } of rooms.inPartition(partition)) {
        for (const member of members) member.link.close('sourceLost')
      }
    },
    onIdle: probeWatch.set,
    ringLimits: config.rings,
    lagOf,
    clock: systemClock,
    log,
    signal,
  })
  lifecycle.onClose(() => lanes.stop())
  const overload = watchOverload({
    lanes,
    queuedBytes: () => delivery.queuedBytes(),
    limits: config.overload,
    metrics: createOverloadMetrics(registry),
    clock: monotonicClock,
    log,
  })
  lifecycle.onClose(() => overload.stop())

  const presenceLog = await createPresenceLog({
    kafka,
    producer,
    codec,
    records,
    partitionOf,
    onReport: (report, ageMs) => presence.take(report, ageMs),
    lookBackMs: config.presenceExpiryMs,
    clock: systemClock,
    log,
    signal,
  })
  lifecycle.onClose(() => presenceLog.stop())
  const viewerCountKind = kindOf('ViewerCount')
  const presence = createPresence({
    presenceLog,
    instance: randomUUID(),
    partitionOf,
    viewersHere: rooms.viewers,
    onCount: (roomId, count) => {
      const record = { eventId: randomUUID(), roomId, occurredAt: systemClock.now(), count }
      const line = lineOf({ kind: viewerCountKind, name: 'ViewerCount', record, pos: null })
      const room = rooms.get(roomId)
      if (room !== undefined && line !== undefined) delivery.add(room, line)
    },
    expiryMs: config.presenceExpiryMs,
    metrics: registry,
    clock: monotonicClock,
    log,
  })
  lifecycle.onClose(() => presence.withdraw())
  const counting = setInterval(presence.tick, presenceTickMs)
  lifecycle.onClose(() => clearInterval(counting))

  const resumeMetrics = createResumeMetrics({ metrics: registry, ringBytes: lanes.ringBytes })
  const signalLog = createSignalLog({ kafka, records, clock: systemClock, log, signal })
  const catchUp = createCatchUp({
    lanes,
    signalLog,
    limits: config.catchUp,
    metrics: resumeMetrics,
    clock: monotonicClock,
    log,
  })
  const resumes = createResumes({
    lanes,
    signalLog,
    catchUp,
    reader: createLoggedReader(records),
    withCount: (line, count) => withCount(likeKind, line, count),
    // With what is sent meanwhile it must stay below the bound that ends a connection.
    maxSignalBytes: deliveryPolicy.maxSignalBytes / 2,
    maxCommentBytes: deliveryPolicy.maxCommentBytes,
    clock: systemClock,
  })
  const subscriptions = createSubscriptions({
    rooms,
    lanes,
    states,
    findSentAgain: createSentAgain({ resumes, signalLog }),
    resumes,
    delivery,
    resumeMetrics,
    viewers: presence.viewers,
    openPresence: presence.open,
    roomStateKind: kindOf('RoomState'),
    partitionOf,
    clusterId,
    maxRooms: config.maxRoomsPerConnection,
    waitMs: config.stateWaitMs,
    inviteTtlMs: config.inviteTtlMs,
    clock: systemClock,
  })
  const wholeMs: Clock = { now: () => Math.round(monotonicClock.now()) }
  const roster = createRoster({
    limits: config.limits,
    clock: wholeMs,
    wallClock: systemClock,
    random: Math.random,
    watch: delivery.watch,
    onSwept: metrics.inFlight,
  })
  const door: Door = {
    roster,
    verifyToken: createTokenVerifier({ secret: config.jwtSecret, jwksUrl: config.jwksUrl }),
    subscriptions,
    delivery,
    nameOf: createNames(randomUUID()),
    metrics,
    clock: wholeMs,
    log,
  }
  const sessions = createSessions({ door, limits: config.limits })
  const streams = createStreams(door)

  const server = await startWebSocketServer({
    port: config.port,
    path,
    compression: config.compression,
    events: sessions.events,
    streams: { path: streamPath, events: streams.events },
  })
  const sweeping = setInterval(() => {
    roster.sweep()
    streams.sweep()
  }, config.sweepMs)
  lifecycle.onClose(() => {
    clearInterval(sweeping)
    server.close()
  })
  lifecycle.onClose(() =>
    roster.drain(config.drainMs, (connection, afterMs) => delivery.answer(connection, [encodeReconnect(afterMs)])),
  )
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
