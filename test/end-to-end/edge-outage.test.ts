// runs alone: it takes the broker and the registry away, and has its own of both
// deadline: 240 s
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createRandom } from '../chaos/random.ts'
import { audit, everybodyThere } from '../support/audience.ts'
import { startEdgeProcesses, type EdgeProcesses } from '../support/edge-processes.ts'
import { aRoom, newRoomId } from '../support/edge-records.ts'
import { startEdgeStage, type EdgeStage } from '../support/edge-stage.ts'
import { startResumingClient, type ResumingClient } from '../support/resuming-client.ts'
import { startRestartablePlatform, type RestartablePlatform } from '../support/restartable-platform.ts'
import { startSignalWriter, type SignalWriter } from '../support/signal-writer.ts'
import { until } from '../support/until.ts'

const roomCount = 6
const perRoom = 3

let dataDir: string
let platform: RestartablePlatform
let stage: EdgeStage
let processes: EdgeProcesses

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'roomcast-outage-'))
  platform = await startRestartablePlatform({ dataDir })
  const { brokers, registryUrl } = platform
  const kafka = createKafka({ brokers, clientId: 'roomcast-test', log: silentLog })
  stage = await startEdgeStage({ brokers, registryUrl, kafka, stop: async () => {} })
  processes = await startEdgeProcesses({ kafka: stage.kafka, names: ['edge'] })
})
after(async () => {
  await processes?.stop()
  await stage?.stop()
  await platform?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

type Play = {
  readonly seed: number
  readonly clients: readonly ResumingClient[]
  readonly writer: SignalWriter
  readonly received: () => number
  readonly join: (uid: string) => Promise<ResumingClient>
}

/** Rooms with clients, to which signals are written for as long as the broker takes them. */
const begin = async (t: TestContext): Promise<Play> => {
  const seed = Date.now() % 1_000_000
  const rooms = Array.from({ length: roomCount }, newRoomId)
  for (const roomId of rooms) await stage.writeRoom(aRoom({ roomId }))
  const [{ url } = { url: '' }] = processes.edges
  const clients: ResumingClient[] = []
  t.after(() => Promise.all(clients.map((client) => client.stop())))
  const join = async (uid: string): Promise<ResumingClient> => {
    const own = [rooms[clients.length % roomCount] ?? '', rooms[(clients.length + 1) % roomCount] ?? '']
    const random = createRandom(seed + clients.length + 1)
    const client = await startResumingClient({ urls: [url], uid, rooms: own, random })
    clients.push(client)
    return client
  }
  for (let at = 0; at < roomCount * perRoom; at += 1) await join(`user${at}`)
  await everybodyThere(clients)
  const writer = startSignalWriter({
    // not in transactions: one that the outage breaks off would need another producer
    stage: { transact: stage.write },
    rooms: new Map(rooms.map((room, at) => [room, [`user${at}`, `user${at + roomCount}`]])),
    random: createRandom(seed),
    pauseMs: 15,
  })
  t.after(writer.stop)
  const received = (): number =>
    clients.reduce((sum, one) => sum + one.rooms.reduce((all, room) => all + one.seen(room).length, 0), 0)
  return { seed, clients, writer, received, join }
}

/** Resolves when something more has come to the clients. */
const goesOn = async ({ received }: Play): Promise<void> => {
  const before = received()
  await until('signals come to the clients again', () => received() > before + roomCount * perRoom, 30_000)
}

test('while the broker is away clients stay connected; then they get everything once, also who came meanwhile', async (t) => {
  const play = await begin(t)
  for (const how of ['SIGTERM', 'SIGKILL'] as const) {
    await goesOn(play)
    await platform.endBroker(how)
    await play.join(`came after ${how}`)
    await sleep(1_000) // how long it is away
    await platform.bringBack()
  }
  await goesOn(play)
  await everybodyThere(play.clients)
  await play.writer.stop()
  const { received, found } = await audit(stage.kafka, play.clients)
  t.diagnostic(`seed ${play.seed}: ${play.writer.written()} signals, ${received} received over two outages`)
  assert.deepEqual(found.slice(0, 20), [])
  for (const { uid, closes } of play.clients) {
    if (!uid.startsWith('came')) assert.deepEqual(closes, [], `${uid} stays connected`)
  }
})

test('while the registry is away lanes wait for what they cannot read; then clients get everything once', async (t) => {
  // an edge that has not read a signal yet knows no schema of one
  const [edge] = processes.edges
  await edge?.stop()
  await edge?.start()
  await edge?.ready()
  await platform.endRegistry()
  await assert.rejects(fetch(platform.registryUrl, { signal: AbortSignal.timeout(5_000) }))
  t.after(platform.bringBack)
  const play = await begin(t)
  await until('enough is written', () => play.writer.written() > 200)
  const meanwhile = play.received()
  await platform.bringBack()
  await goesOn(play)
  await play.writer.stop()
  const { received, found } = await audit(stage.kafka, play.clients)
  t.diagnostic(`seed ${play.seed}: ${meanwhile} signals received while the registry was away, ${received} in all`)
  assert.deepEqual(found.slice(0, 20), [])
  for (const { uid, closes } of play.clients) assert.deepEqual(closes, [], `${uid} stays connected`)
})
