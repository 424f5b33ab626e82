// runs alone: it kills edges under load, and their clients come back all at once
// deadline: 240 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../chaos/random.ts'
import { audit, everybodyThere } from '../support/audience.ts'
import { startEdgeProcesses, type EdgeProcesses } from '../support/edge-processes.ts'
import { aRoom, newRoomId } from '../support/edge-records.ts'
import { startEdgeStage, type EdgeStage } from '../support/edge-stage.ts'
import { startFlood } from '../support/flood.ts'
import { startResumingClient, type ResumingClient } from '../support/resuming-client.ts'
import { startSignalWriter } from '../support/signal-writer.ts'

const kills = 4
const roomCount = 8
const userCount = 24
/** These users have two connections each. */
const twice = 4

let stage: EdgeStage
let processes: EdgeProcesses

before(async () => {
  stage = await startEdgeStage()
  processes = await startEdgeProcesses({ kafka: stage.kafka, names: ['edge-a', 'edge-b'] })
})
after(async () => {
  await processes?.stop()
  await stage?.stop()
})

test('clients of an edge that is killed under load resume at another one: each has every signal of the log once', async (t) => {
  const seed = Date.now() % 1_000_000
  const random = createRandom(seed)
  const rooms = Array.from({ length: roomCount }, newRoomId)
  for (const roomId of rooms) await stage.writeRoom(aRoom({ roomId }))
  const roomsOf = (user: number): readonly string[] => [
    ...new Set([user, user * 3 + 1, user * 5 + 2].slice(0, 1 + (user % 3)).map((at) => rooms[at % roomCount] ?? '')),
  ]
  const users = Array.from({ length: userCount }, (_, at) => ({ uid: `user${at}`, rooms: roomsOf(at) }))
  const uidsIn = (room: string): readonly [string, ...string[]] => [
    'nobody',
    ...users.filter((user) => user.rooms.includes(room)).map(({ uid }) => uid),
  ]

  const [a, b] = processes.edges
  if (a === undefined || b === undefined) throw new Error('there are two edges')
  const clients: ResumingClient[] = []
  t.after(() => Promise.all(clients.map((client) => client.stop())))
  for (const [at, user] of [...users, ...users.slice(0, twice)].entries()) {
    const own = createRandom(seed + at + 1)
    clients.push(await startResumingClient({ urls: [a.url, b.url], random: own, ...user }))
  }
  await everybodyThere(clients)
  const writer = startSignalWriter({
    stage,
    rooms: new Map(rooms.map((room) => [room, uidsIn(room)])),
    random: createRandom(seed),
    pauseMs: 15,
  })
  t.after(writer.stop)
  const floods = rooms
    .slice(0, 2)
    .map((roomId) => startFlood({ stage, roomId, commentsPerSecond: 100, likesPerSecond: 300 }))
  t.after(() => Promise.all(floods.map((flood) => flood.stop())))

  for (let count = 0; count < kills; count += 1) {
    const victim = random.pick([a, b])
    await sleep(random.whole(100, 1_500)) // the moment of the kill is what is random
    await victim.kill()
    await everybodyThere(clients)
    await victim.start()
    await victim.ready()
  }
  await Promise.all([a.kill(), b.kill()])
  await sleep(random.whole(0, 1_000))
  await Promise.all([a.start(), b.start()])
  await everybodyThere(clients)
  await writer.stop()

  const { received, found } = await audit(stage.kafka, clients)
  const closes = clients.flatMap((client) => client.closes)
  const recovered = clients.reduce((sum, client) => sum + client.recovered(), 0)
  t.diagnostic(
    `seed ${seed}: ${kills} kills of one edge and one of both; ${writer.written()} signals in ${roomCount} rooms, ${received} received by ${clients.length} clients; ${closes.length} connections broken, ${recovered} rooms recovered`,
  )
  assert.deepEqual(found.slice(0, 20), [])
  assert.ok(closes.length >= clients.length, 'every connection was broken at least once')
  assert.deepEqual(new Set(closes), new Set([1006]))
})
