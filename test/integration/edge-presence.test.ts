import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { joinRooms, type EdgeClient } from '../support/edge-client.ts'
import { startEdgeProcesses, type EdgeProcess } from '../support/edge-processes.ts'
import { aRoom, newRoomId } from '../support/edge-records.ts'
import { jwtSecret, startEdgeStage } from '../support/edge-stage.ts'
import { until } from '../support/until.ts'

const stage = await startEdgeStage()
after(() => stage.stop())
/** Of reports; long enough that what comes by itself can be told from what comes when they expire. */
const expiryMs = 12_000
const { edges, stop } = await startEdgeProcesses({
  kafka: stage.kafka,
  names: ['first', 'second'],
  env: { EDGE_PRESENCE_EXPIRY_MS: String(expiryMs) },
})
after(stop)
const [first, second] = edges as readonly [EdgeProcess, EdgeProcess]

const newRoom = async (): Promise<string> => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  return roomId
}

const join = ({ url }: EdgeProcess, uid: string, room: string): Promise<EdgeClient> =>
  joinRooms({ url, secret: jwtSecret, uid, rooms: [room] })

/** What a client was told last of its room's viewers: by 104, then by 103. */
const viewersOf = (client: EdgeClient): unknown =>
  client
    .messages()
    .map(({ type, data }) => (type === 103 ? data['count'] : type === 104 ? data['viewers'] : undefined))
    .findLast((count) => count !== undefined)

/** Waits until all of them believe in the same number. */
const agree = (viewers: number, ...clients: readonly EdgeClient[]): Promise<void> =>
  until(`every client sees ${viewers} viewers`, () => clients.every((client) => viewersOf(client) === viewers))

const sees = (client: EdgeClient, viewers: number, withinMs: number): Promise<void> =>
  until(`${client.uid} sees ${viewers} viewers`, () => viewersOf(client) === viewers, withinMs)

test('users at two edges are counted together, each once, and every room hears of it', async () => {
  const room = await newRoom()
  const other = await join(first, 'other', await newRoom())
  const ann = await join(first, 'ann', room)
  assert.equal((await ann.waitForPush(104)).data['viewers'], 1)
  const bob = await join(second, 'bob', room)
  await agree(2, ann, bob)
  const bobsPhone = await join(second, 'bob', room)
  const cid = await join(second, 'cid', room)
  await agree(3, ann, bob, bobsPhone, cid)

  const { id, time, ...message } = await ann.waitForPush(({ type, data }) => type === 103 && data['count'] === 3)
  assert.deepEqual(message, { type: 103, data: { roomId: room, count: 3 }, room, weight: 9 })
  assert.match(id, /./)
  assert.ok(time > 0)

  await bob.close()
  await cid.unsubscribe(room)
  await agree(2, ann, bobsPhone)
  assert.equal(viewersOf(other), 1)
  for (const client of [ann, bobsPhone, cid, other]) await client.close()
})

test('who comes to an edge finds in message 104 the users at the other one, in a room and partition new to it or not', async () => {
  const room = await newRoom()
  const ann = await join(first, 'ann', room)
  const bob = await join(first, 'bob', room)
  await agree(2, ann, bob)
  // Whether the edge has another room in that partition is left to chance; both are to work.
  for (const uid of ['cid', 'dan']) {
    await until('the second edge shows the users at the first in its first answer', async () => {
      const client = await join(second, uid, room)
      const { data } = await client.waitForPush(104)
      await client.close()
      return data['viewers'] === 3
    })
  }
  for (const client of [ann, bob]) await client.close()
})

test('users of an edge that stops are taken off at once, those of one that is killed after a while', async () => {
  const room = await newRoom()
  const ann = await join(first, 'ann', room)
  const bob = await join(second, 'bob', room)
  await agree(2, ann, bob)
  await second.stop()
  assert.equal((await bob.closed).code, 4000)
  await sees(ann, 1, expiryMs / 2)

  await second.start()
  await second.ready()
  const cid = await join(second, 'cid', room)
  await agree(2, ann, cid)
  await second.kill()
  await cid.closed
  await sees(ann, 1, 3 * expiryMs)
  await ann.close()
})
