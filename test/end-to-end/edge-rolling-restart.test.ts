// runs alone: hundreds of clients come back at once
// deadline: 240 s
// EDGE_CLIENTS: how many clients (500 where it is not given).
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRandom } from '../chaos/random.ts'
import { audit, everybodyThere } from '../support/audience.ts'
import { startEdgeProcesses, type EdgeProcesses } from '../support/edge-processes.ts'
import { aRoom, newRoomId } from '../support/edge-records.ts'
import { startEdgeStage, type EdgeStage } from '../support/edge-stage.ts'
import { startResumingClient, type ResumingClient } from '../support/resuming-client.ts'
import { startSignalWriter } from '../support/signal-writer.ts'

const clientCount = Number(process.env['EDGE_CLIENTS'] ?? 500)
const roomCount = 20
/** A few clients need less than the usual time. */
const drainMs = clientCount > 1_000 ? 10_000 : 3_000
/** So many at once open their connections. */
const batch = 100
const draining = 4000

let stage: EdgeStage
let processes: EdgeProcesses

before(async () => {
  stage = await startEdgeStage()
  const env = { EDGE_DRAIN_MS: String(drainMs) }
  processes = await startEdgeProcesses({ kafka: stage.kafka, names: ['edge-a', 'edge-b'], env })
})
after(async () => {
  await processes?.stop()
  await stage?.stop()
})

test(`a rolling restart of two edges under ${clientCount} clients loses no signal, doubles none, and ends with exit code 0`, async (t) => {
  const seed = Date.now() % 1_000_000
  const rooms = Array.from({ length: roomCount }, newRoomId)
  for (const roomId of rooms) await stage.writeRoom(aRoom({ roomId }))
  const roomOf = (at: number): string => rooms[at % roomCount] ?? ''
  const urls = processes.edges.map(({ url }) => url)
  const [a = '', ...others] = urls
  const clients: ResumingClient[] = []
  t.after(() => Promise.all(clients.map((client) => client.stop())))
  for (let at = 0; at < clientCount; at += batch) {
    const next = Array.from({ length: Math.min(batch, clientCount - at) }, (_, index) =>
      startResumingClient({
        urls: [a, ...others],
        uid: `user${at + index}`,
        rooms: [roomOf(at + index)],
        random: createRandom(seed + at + index + 1),
        leavesWhenAsked: index % 2 === 0,
      }),
    )
    clients.push(...(await Promise.all(next)))
    await everybodyThere(clients)
  }
  const writer = startSignalWriter({
    stage,
    // the first users of each room
    rooms: new Map(rooms.map((room, at) => [room, [`user${at}`, `user${at + roomCount}`]])),
    random: createRandom(seed),
    pauseMs: 40,
  })
  t.after(writer.stop)

  for (const edge of processes.edges) {
    const moved = clients.filter((client) => client.url() === edge.url).length
    edge.signal('SIGTERM')
    assert.equal(await edge.ended(), 'exit code 0', `the end of ${edge.name}`)
    await everybodyThere(clients)
    t.diagnostic(`${edge.name}: ${moved} clients moved on`)
    await edge.start()
    await edge.ready()
  }
  await writer.stop()

  const { received, found } = await audit(stage.kafka, clients)
  const closes = clients.flatMap((client) => client.closes)
  const recovered = clients.reduce((sum, client) => sum + client.recovered(), 0)
  t.diagnostic(
    `seed ${seed}: ${writer.written()} signals, ${received} received by ${clientCount} clients; ${closes.length} connections closed by an edge, ${recovered} resumed`,
  )
  assert.deepEqual(found.slice(0, 20), [])
  assert.ok(closes.length > 0, 'some clients wait to be closed')
  assert.deepEqual(new Set(closes), new Set([draining]))
})
