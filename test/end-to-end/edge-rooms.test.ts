import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, type Random } from '../chaos/random.ts'
import { differences, type Beginning, type SeenSignal } from '../support/compare-signals.ts'
import { isOp, isPush, mintToken, type EdgeClient, type Line } from '../support/edge-client.ts'
import { aComment, aRoom, aStreamPublished, newRoomId } from '../support/edge-records.ts'
import { jwtSecret, record, startEdgeStage } from '../support/edge-stage.ts'
import { readSignals, type LoggedSignal } from '../support/push-log.ts'
import { startFlood } from '../support/flood.ts'
import { startSignalWriter } from '../support/signal-writer.ts'

const stage = await startEdgeStage()
after(() => stage.stop())
const edge = await stage.startEdge()

const roomCount = 6
const userCount = 10
/** Subscribes and unsubscribes of each connection. */
const moves = 40
const longestStayMs = 150

/** What a client received in one room between a subscribe and its end. */
type Stay = { readonly room: string; readonly from: Beginning; readonly seen: SeenSignal[]; isOver: boolean }

/** Divides what came on a connection into stays; what came for a room outside of one is told. */
const staysOf = (lines: readonly Line[]): { readonly stays: readonly Stay[]; readonly strays: readonly string[] } => {
  const stays: Stay[] = []
  const strays: string[] = []
  const open = new Map<string, Stay>()
  for (const line of lines) {
    const room = line.room ?? ''
    if (isOp(line)) {
      if (line.op === 'error') strays.push(`error ${line.code} ${line.message}`)
      if (line.op !== 'subscribed' && line.op !== 'unsubscribed') continue
      const before = open.get(room)
      if (before !== undefined) before.isOver = true
      open.delete(room)
      if (line.op === 'unsubscribed') continue
      const from = { 4: line.positions?.['4'] ?? NaN, 5: line.positions?.['5'] ?? NaN }
      const stay = { room, from, seen: [], isOver: false }
      open.set(room, stay)
      stays.push(stay)
    } else if (isPush(line)) {
      const { pos, id, weight, type } = line
      const stay = open.get(room)
      if (stay === undefined) strays.push(`type ${type} of ${room}, which it has left`)
      else if (pos !== undefined && weight < 8) stay.seen.push({ pos, id, weight, type })
    }
  }
  return { stays, strays }
}

/** What of the log a stay must have: all of it, or up to where it ended. */
const logOf = (stay: Stay, log: readonly LoggedSignal[]): readonly LoggedSignal[] => {
  if (!stay.isOver) return log
  const ends = ([4, 5] as const).map((weight) => stay.seen.filter((one) => one.weight === weight).at(-1)?.pos ?? -1)
  return log.filter(({ weight, pos }) => pos <= (ends[weight - 4] ?? -1))
}

/** Goes in and out of rooms, sometimes in a hurry, without waiting for the answers. */
const wander = async (client: EdgeClient, rooms: readonly string[], random: Random): Promise<void> => {
  const within = new Set<string>()
  for (let count = 0; count < moves; count += 1) {
    await sleep(random.whole(0, longestStayMs)) // when it moves is what is random
    const room = rooms[random.whole(0, rooms.length - 1)] ?? ''
    if (within.delete(room)) {
      if (random.chance(0.3)) client.send(JSON.stringify({ op: 'unsubscribe', room }))
      else await client.unsubscribe(room)
    } else {
      within.add(room)
      if (random.chance(0.3)) client.send(JSON.stringify({ op: 'subscribe', room }))
      else await client.subscribe(room)
    }
  }
}

test('in and out of several rooms on one connection, each user has their own signals and the rooms’, and nobody else’s', async (t) => {
  const seed = Date.now() % 1_000_000
  const rooms = Array.from({ length: roomCount }, newRoomId)
  for (const roomId of rooms) await stage.writeRoom(aRoom({ roomId }))
  const uids = Array.from({ length: userCount }, (_, at) => `user${at}`)
  const clients = await Promise.all([...uids, ...uids.slice(0, 3)].map((uid) => edge.connect(uid)))
  t.after(() => Promise.all(clients.map((client) => client.close())))
  const everybody = ['nobody', ...uids] as const
  const writer = startSignalWriter({
    stage,
    rooms: new Map(rooms.map((room) => [room, everybody])),
    random: createRandom(seed),
    pauseMs: 10,
  })
  t.after(writer.stop)
  const [first = ''] = rooms
  const flood = startFlood({ stage, roomId: first, commentsPerSecond: 200, likesPerSecond: 500 })
  t.after(flood.stop)

  await Promise.all(clients.map((client, at) => wander(client, rooms, createRandom(seed + at + 1))))
  await writer.stop()
  await flood.stop()
  // A connect keeps its turn, so everything that was asked for in a hurry is done; a ping would overtake it.
  for (const client of clients) {
    const token = await mintToken({ secret: jwtSecret, uid: client.uid })
    assert.equal((await client.connect(token)).op, 'connected')
  }
  // What is sent last has come when everything before it has.
  for (const roomId of rooms) {
    const [published, comment] = [aStreamPublished({ roomId }), aComment({ roomId })]
    await stage.write(record('StreamPublished', published), record('Commented', comment))
    const isWithin = (client: EdgeClient): boolean =>
      staysOf(client.lines).stays.some((stay) => stay.room === roomId && !stay.isOver)
    const within = clients.filter(isWithin)
    await Promise.all(within.map((client) => client.waitForPush(({ id }) => id === published.eventId)))
    await Promise.all(within.map((client) => client.waitForPush(({ id }) => id === comment.eventId)))
  }

  const log = await readSignals(stage.kafka, rooms)
  const now = Date.now()
  let stayCount = 0
  let received = 0
  for (const { uid, lines } of clients) {
    const { stays, strays } = staysOf(lines)
    assert.deepEqual(strays, [], `${uid}, seed ${seed}`)
    for (const stay of stays) {
      const { room, seen, from } = stay
      const found = differences({ seen, log: logOf(stay, log.get(room) ?? []), uid, from, until: now })
      assert.deepEqual(found, [], `${uid} in ${room} from ${JSON.stringify(from)}, seed ${seed}`)
      stayCount += 1
      received += seen.length
    }
  }
  t.diagnostic(`seed ${seed}: ${stayCount} stays of ${clients.length} connections, ${received} signals received`)
  assert.ok(received > 0)
})
