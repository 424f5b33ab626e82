// runs alone: a flood of likes takes a core
// deadline: 240 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { isPush, joinRooms, type EdgeClient } from '../support/edge-client.ts'
import { startEdgeProcesses, type EdgeProcess, type EdgeProcesses } from '../support/edge-processes.ts'
import { aRoom, aStreamPublished, newRoomId } from '../support/edge-records.ts'
import { jwtSecret, record, startEdgeStage, type EdgeStage } from '../support/edge-stage.ts'
import { startFlood, type Flooded } from '../support/flood.ts'
import { openAcknowledgingReader, type CountingReader } from '../support/counting-reader.ts'
import { metricSum } from '../support/metric-sum.ts'
import { readMetrics } from '../support/read-metrics.ts'
import { until } from '../support/until.ts'

const windowBytes = 64 * 1024
const deafClients = 20
/** So much is written at least, however fast this machine is. */
const least = { likes: 80_000, signals: 40 }
const signalEveryMs = 20
/** What may wait for one connection of comments (64 KiB), and a like, a gap and some signals. */
const maxBytesEach = 96 * 1024
const maxQueuedBytes = 400_000
const heldUpMs = 3_000
/** Far more than the edge needs for what it may keep, far less than what flows through it. */
const maxGrownBytes = 400 * 1024 * 1024

let stage: EdgeStage
let processes: EdgeProcesses
let others: EdgeProcesses
let edge: EdgeProcess
let limited: EdgeProcess

before(async () => {
  stage = await startEdgeStage()
  processes = await startEdgeProcesses({ kafka: stage.kafka, names: ['edge'] })
  const env = {
    EDGE_MAX_QUEUED_BYTES: String(maxQueuedBytes),
    EDGE_MAX_LATENESS_MS: '300',
    EDGE_SILENCE_TIMEOUT_MS: '120000',
  }
  others = await startEdgeProcesses({ kafka: stage.kafka, names: ['edge-limited'], env })
  const [first, second] = [...processes.edges, ...others.edges]
  if (first === undefined || second === undefined) throw new Error('there are two edges')
  ;[edge, limited] = [first, second]
})
after(async () => {
  await processes?.stop()
  await others?.stop()
  await stage?.stop()
})

type Gauges = { readonly memory: number; readonly queued: number; readonly pausedFor: number }

const readGauges = async ({ adminUrl }: EdgeProcess): Promise<Gauges> => {
  const text = await readMetrics(adminUrl)
  const read = (name: string): number => {
    assert.match(text, new RegExp(`^${name}[{ ]`, 'm'))
    return metricSum(text, name)
  }
  return {
    memory: read('process_resident_memory_bytes'),
    queued: read('roomcast_edge_queued_bytes'),
    pausedFor: read('roomcast_edge_bulk_paused_seconds_total'),
  }
}

/** Clients that read nothing any more. */
const joinDeaf = async (url: string, roomId: string): Promise<readonly EdgeClient[]> => {
  const joining = Array.from({ length: deafClients }, (_, at) =>
    joinRooms({ url, secret: jwtSecret, uid: `deaf${at}`, rooms: [roomId] }),
  )
  const clients = await Promise.all(joining)
  for (const client of clients) client.pause()
  return clients
}

/** Follows the gauges until it is stopped; resolves with the most that each was. */
const watchMost = (of: EdgeProcess): (() => Promise<Gauges>) => {
  const stopping = new AbortController()
  const run = async (): Promise<Gauges> => {
    let most: Gauges = { memory: 0, queued: 0, pausedFor: 0 }
    while (!stopping.signal.aborted) {
      const now = await readGauges(of)
      const higher = (name: keyof Gauges): number => Math.max(most[name], now[name])
      most = { memory: higher('memory'), queued: higher('queued'), pausedFor: higher('pausedFor') }
      await sleep(250)
    }
    return most
  }
  const running = run()
  running.catch(() => undefined) // told to whoever stops it
  return () => {
    stopping.abort()
    return running
  }
}

/** Sum of the counts of the likes that a client received. */
const likesOf = (client: EdgeClient): number =>
  client
    .messages()
    .filter(({ type }) => type === 7)
    .reduce((sum, { data }) => sum + Number(data['count'] ?? 1), 0)

/** Comments that a client received, and those that it was told of. */
const commentsOf = ({ lines }: EdgeClient): number =>
  lines.reduce((sum, line) => {
    if (isPush(line)) return sum + (line.type === 6 ? 1 : 0)
    return sum + (line.op === 'gap' && line.weight === 8 ? (line.dropped ?? NaN) : 0)
  }, 0)

/** Waits until a client has every like and every comment, received or announced as left out. */
const addsUp = async (client: CountingReader, written: Flooded): Promise<void> => {
  const sums = (): Flooded => ({ comments: client.comments() + client.dropped(), likes: client.likes() })
  const isWhole = (): boolean => isDeepStrictEqual(sums(), written)
  // the sums say more than that they are not there
  await until('the sums are those of what was written', isWhole, 40_000).catch(() => undefined)
  assert.deepEqual(sums(), written)
}

test('in a flood of likes and comments every signal comes, in order; what waits for who does not read is bounded', async (t) => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  const own = { url: edge.url, roomId, windowBytes }
  const clients = await Promise.all(['r1', 'r2', 'r3'].map((uid) => openAcknowledgingReader({ ...own, uid })))
  const deaf = await joinDeaf(edge.url, roomId)
  t.after(() => Promise.all([...clients, ...deaf].map((client) => client.close())))
  const { memory: before } = await readGauges(edge)
  const most = watchMost(edge)
  t.after(most)

  const flood = startFlood({ stage, roomId, commentsPerSecond: 1_000, likesPerSecond: 20_000 })
  t.after(flood.stop)
  const sent: string[] = []
  const startedAt = performance.now()
  while (flood.written().likes < least.likes || sent.length < least.signals) {
    const published = aStreamPublished({ roomId, inputPos: 0 })
    await stage.transact(record('StreamPublished', published))
    sent.push(published.eventId)
    await sleep(signalEveryMs)
  }
  const written = await flood.stop()
  const seconds = (performance.now() - startedAt) / 1000
  for (const client of clients) {
    await until('every signal has come', () => client.signals().length >= sent.length, 20_000)
    assert.deepEqual(client.signals(), sent)
    await addsUp(client, written)
  }
  const { queued, memory } = await most()
  t.diagnostic(
    `${written.likes} likes, ${written.comments} comments, ${sent.length} signals in ${seconds.toFixed(1)} s; at most ${queued} bytes waited for ${deafClients} who do not read; memory grew by at most ${((memory - before) / 2 ** 20).toFixed(0)} MiB`,
  )
  assert.ok(queued > 0, 'something waits for who does not read')
  assert.ok(queued <= deafClients * maxBytesEach, `${queued} bytes wait`)
  assert.ok(memory - before < maxGrownBytes, `memory grew from ${before} to ${memory}`)
})

test('what waits for all together is bounded, and adds up for each when they read again', async (t) => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  const deaf = await joinDeaf(limited.url, roomId)
  t.after(() => Promise.all(deaf.map((client) => client.close())))
  const most = watchMost(limited)
  t.after(most)
  const flood = startFlood({ stage, roomId, commentsPerSecond: 2_000, likesPerSecond: 1_000 })
  t.after(flood.stop)
  await until('much more is written than may wait', () => flood.written().comments > 10_000, 30_000)
  const written = await flood.stop()
  for (const client of deaf) client.resume()
  for (const client of deaf) {
    const sums = (): Flooded => ({ comments: commentsOf(client), likes: likesOf(client) })
    await until('', () => isDeepStrictEqual(sums(), written), 20_000).catch(() => undefined)
    assert.deepEqual(sums(), written)
  }
  const { queued } = await most()
  t.diagnostic(`at most ${queued} bytes waited for all ${deafClients}; the limit is ${maxQueuedBytes}`)
  assert.ok(queued > 0 && queued <= maxQueuedBytes, `${queued} bytes wait`)
})

test('an edge that is held up lets comments and likes wait in Kafka, and goes on with all of them', async (t) => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  const reader = await openAcknowledgingReader({ url: limited.url, roomId, uid: 'reader', windowBytes })
  t.after(reader.close)
  const before = await readGauges(limited)
  const flood = startFlood({ stage, roomId, commentsPerSecond: 500, likesPerSecond: 2_000 })
  t.after(flood.stop)
  await until('likes come', () => reader.likes() > 0)
  limited.signal('SIGSTOP')
  t.after(() => limited.signal('SIGCONT'))
  await sleep(heldUpMs)
  limited.signal('SIGCONT')
  const hasPaused = async (): Promise<boolean> => (await readGauges(limited)).pausedFor > before.pausedFor
  await until('the lanes of comments and likes have paused', hasPaused)
  const published = aStreamPublished({ roomId })
  await stage.transact(record('StreamPublished', published))
  await until('the signal comes', () => reader.has(published.eventId))
  await addsUp(reader, await flood.stop())
})
