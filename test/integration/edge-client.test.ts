import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { connect, type Client, type ClientEvents, type ClientOptions } from '../../services/edge/client/client.ts'
import { openCuttableProxy } from '../support/cuttable-proxy.ts'
import { mintToken } from '../support/edge-client.ts'
import { aCohostInvited, aComment, aLike, aRoom, aStreamPublished, newRoomId } from '../support/edge-records.ts'
import { jwtSecret, record, startEdgeStage } from '../support/edge-stage.ts'
import { until } from '../support/until.ts'

const stage = await startEdgeStage()
after(() => stage.stop())
const [edge, otherEdge] = [await stage.startEdge(), await stage.startEdge()]

const newRoom = async (): Promise<string> => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId, status: 0 }))
  return roomId
}

const tokenOf =
  (uid: string, claims: { ttlSeconds?: number; rooms?: readonly string[] } = {}): ClientOptions['getToken'] =>
  () =>
    mintToken({ secret: jwtSecret, uid, ...claims })

/** A client over a way that can be cut and turned to another edge, and the names of what it was told besides messages. */
const openClient = async (t: TestContext, { url = edge.url, ...options }: Partial<ClientOptions> = {}) => {
  const proxy = await openCuttableProxy(url.replace('ws:', 'http:'))
  const client = connect({
    url: proxy.url.replace('http:', 'ws:'),
    getToken: tokenOf('viewer'),
    backoff: { baseMs: 20, maxMs: 200 },
    ...options,
  })
  t.after(async () => {
    client.close()
    await proxy.cut()
  })
  const notices: string[] = []
  for (const name of ['connected', 'disconnected', 'subscribed', 'unsubscribed', 'gap', 'error'] as const) {
    client.on(name, () => notices.push(name))
  }
  return { client, proxy, notices, told: tellPushes(client) }
}

type Pushed = ClientEvents['push']
/** Everything with a position, in the order in which it came. */
const tellPushes = (client: Client): readonly Pushed[] => {
  const told: Pushed[] = []
  client.on('push', (event) => void (event.pos !== null && told.push(event)))
  return told
}
const idsOf = (told: readonly Pushed[], weight: number): readonly string[] =>
  told.filter((event) => event.weight === weight).map(({ id }) => id)
const likesOf = (told: readonly Pushed[]): number =>
  told.reduce((sum, event) => (event.name === 'liked' ? sum + (event.data.count ?? 1) : sum), 0)

/** Signals, comments and likes, in turns; what of them a client has to be told. */
const writeRounds = async (roomId: string, rounds: number) => {
  const records = Array.from({ length: rounds }, () => ({
    signal: aStreamPublished({ roomId }),
    comment: aComment({ roomId }),
    like: aLike({ roomId, count: 2 }),
  }))
  await stage.write(
    ...records.flatMap(({ signal, comment, like }) => [
      record('StreamPublished', signal),
      record('Commented', comment),
      record('Liked', like),
    ]),
  )
  return {
    5: records.map(({ signal }) => signal.eventId),
    8: records.map(({ comment }) => comment.eventId),
    likes: 2 * rounds,
  }
}
type Written = Awaited<ReturnType<typeof writeRounds>>

/** Waits until all of it has been told, and fails when it was not told exactly once and in order. */
const toldExactly = async (told: readonly Pushed[], ...written: readonly Written[]): Promise<void> => {
  const wanted = (weight: 5 | 8): readonly string[] => written.flatMap((part) => part[weight])
  const likes = written.reduce((sum, part) => sum + part.likes, 0)
  const counts = () => `${idsOf(told, 5).length} signals, ${idsOf(told, 8).length} comments, ${likesOf(told)} likes`
  const isThere = () => ([5, 8] as const).every((weight) => idsOf(told, weight).length >= wanted(weight).length)
  await until('all was told', () => isThere() && likesOf(told) >= likes, 30_000).catch((error: unknown) => {
    throw new Error(`${counts()} were told`, { cause: error })
  })
  assert.deepEqual(idsOf(told, 5), wanted(5))
  assert.deepEqual(idsOf(told, 8), wanted(8))
  assert.equal(likesOf(told), likes)
}

test('a client is told what is pushed, by name, and follows its room', async (t) => {
  const roomId = await newRoom()
  const { client } = await openClient(t)
  const invites: string[] = []
  client.on('cohost-invited', ({ data }) => invites.push(`${data.inviterName} ${data.type}`))
  const comments: string[] = []
  client.on('commented', ({ data }) => comments.push(data.comment))
  assert.equal((await client.subscribe(roomId)).isRecovered, null)
  await until('the state', () => client.view(roomId)?.status === 0)
  await stage.write(
    record('StreamPublished', aStreamPublished({ roomId, streamRoomId: roomId })),
    record('CohostInvited', aCohostInvited({ roomId, toUid: 'viewer', inviterName: 'Äida' })),
    record('CohostInvited', aCohostInvited({ roomId, toUid: 'another', inviterName: 'Nobody' })),
    record('Commented', aComment({ roomId, comment: 'hello' })),
    record('Liked', aLike({ roomId, count: 4, occurredAt: Date.now() + 1_000 })),
  )
  await until('all of it', () => comments.length === 1 && invites.length === 1)
  await until('the view', () => client.view(roomId)?.status === 1 && client.view(roomId)?.likes === 4)
  assert.deepEqual(invites, ['Äida picture_in_picture'])
})

test('a room that is not there, and one that the token does not allow, are refused with a code', async (t) => {
  const [roomId, forbidden] = [await newRoom(), await newRoom()]
  const { client, notices } = await openClient(t, { getToken: tokenOf('viewer', { rooms: [roomId, 'nowhere'] }) })
  const refused = assert.rejects(client.subscribe('nowhere'), { code: 404 })
  const notAllowed = assert.rejects(client.subscribe(forbidden), { code: 403 })
  await client.subscribe(roomId)
  await refused
  await notAllowed
  assert.deepEqual(notices, ['connected', 'subscribed'])
})

test('a forged token is final', async (t) => {
  const { client } = await openClient(t, { getToken: () => mintToken({ secret: 'another secret', uid: 'viewer' }) })
  await assert.rejects(client.subscribe('r1'), { code: 4500 })
})

test('cut off and back at another edge, it is told everything once and in order', async (t) => {
  const roomId = await newRoom()
  const { client, proxy, told } = await openClient(t)
  const recovered: (boolean | null)[] = []
  client.on('subscribed', ({ isRecovered }) => recovered.push(isRecovered))
  // An edge keeps the comments of rooms that it serves.
  const neighbour = await otherEdge.join('neighbour', roomId)
  t.after(() => neighbour.close())
  await client.subscribe(roomId)
  const before = await writeRounds(roomId, 10)
  await toldExactly(told, before)
  await proxy.cut()
  const missed = await writeRounds(roomId, 50)
  proxy.turnTo(otherEdge.url)
  await proxy.mend()
  const since = await writeRounds(roomId, 10)
  await toldExactly(told, before, missed, since)
  assert.deepEqual(recovered, [null, true])
})

test('a drained edge is left for another without an interruption, while everything goes on', async (t) => {
  const roomId = await newRoom()
  const draining = await stage.startEdge({ EDGE_DRAIN_MS: '2000' })
  const { client, proxy, told, notices } = await openClient(t, { url: draining.url })
  await client.subscribe(roomId)
  proxy.turnTo(otherEdge.url)
  const written: Written[] = []
  let isDrained = false
  const stopping = draining.stop().then(() => (isDrained = true))
  // Of comments that it misses on its way to the other edge a client is sent so many kilobytes and no more.
  const isKeptUp = () => written.flatMap((part) => part[8]).length - idsOf(told, 8).length < 60
  while (!isDrained || written.length < 5) {
    written.push(await writeRounds(roomId, 3))
    await until('most of it was told', isKeptUp)
  }
  await stopping
  written.push(await writeRounds(roomId, 3))
  await toldExactly(told, ...written)
  assert.deepEqual(notices, ['connected', 'subscribed', 'connected', 'subscribed'])
})

test('a token that runs out is replaced in time, and the connection stays', async (t) => {
  const roomId = await newRoom()
  let tokens = 0
  const { client, told, notices } = await openClient(t, {
    getToken: () => {
      tokens += 1
      return mintToken({ secret: jwtSecret, uid: 'viewer', ttlSeconds: tokens === 1 ? 10 : 600 })
    },
  })
  await client.subscribe(roomId)
  const endsAt = Date.now() + 10_000
  await until('the first has run out, and the edge has looked', () => Date.now() > endsAt + 2_000)
  await toldExactly(told, await writeRounds(roomId, 1))
  assert.deepEqual(notices, ['connected', 'subscribed'])
  assert.equal(tokens, 2)
})

test('a token that ran out while nobody looked: the client comes back with a new one and goes on', async (t) => {
  const roomId = await newRoom()
  let tokens = 0
  const { client, told, notices } = await openClient(t, {
    getToken: () => {
      tokens += 1
      return mintToken({ secret: jwtSecret, uid: 'viewer', ttlSeconds: tokens === 1 ? 6 : 600 })
    },
    // By this clock the token is good for hours.
    environment: { nowMs: () => Date.now() - 7_200_000 },
  })
  await client.subscribe(roomId)
  const before = await writeRounds(roomId, 2)
  await until('it is closed', () => notices.includes('disconnected'))
  const since = await writeRounds(roomId, 2)
  await toldExactly(told, before, since)
  assert.deepEqual(notices, ['connected', 'subscribed', 'disconnected', 'connected', 'subscribed'])
})
