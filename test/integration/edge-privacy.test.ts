import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { pushMessageOf } from '../../schemas/events.ts'
import { readRecords } from '../../schemas/records.ts'
import { topics } from '../../schemas/topics.ts'
import { fullNames, type AnyRecord } from '../../schemas/types.generated.ts'
import { arbitraryRecord } from '../support/arbitrary-record.ts'
import type { EdgeClient } from '../support/edge-client.ts'
import { aRoom, aStreamPublished, newRoomId } from '../support/edge-records.ts'
import { record, startEdgeStage } from '../support/edge-stage.ts'

const stage = await startEdgeStage()
after(() => stage.stop())
const edges = [await stage.startEdge(), await stage.startEdge()]

const uids = ['ann', 'bob', 'cy'] as const
type Uid = (typeof uids)[number]

/** The messages that go to one user: 1, 2, 3 and 100 to 102. */
const personal = topics.pushSignal.records.filter((type) => pushMessageOf(type)?.audience === 'user')
const schemas = readRecords()
const contents = personal.map((type) => arbitraryRecord(fullNames[type], schemas))

/** What a secret in any field of a message looks like: no other message has it. */
const secretOf = (uid: string): string => `only-for-${uid}-${randomUUID()}`

const uid = fc.constantFrom(...uids)
const room = fc.nat(1)
const step = fc.oneof(
  {
    arbitrary: fc.record({ kind: fc.constant('tell' as const), uid, room, what: fc.nat(personal.length - 1) }),
    weight: 6,
  },
  { arbitrary: fc.record({ kind: fc.constant('join' as const), uid, room, edge: fc.nat(1) }), weight: 4 },
  { arbitrary: fc.record({ kind: fc.constant('return' as const), uid, room, edge: fc.nat(1) }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('leave' as const), uid, room }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant('drop' as const), uid }), weight: 1 },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

test('a message for one user is seen by nobody else, whoever comes, goes and comes back', async () => {
  assert.deepEqual(
    personal.map((type) => pushMessageOf(type)?.type).toSorted((a = 0, b = 0) => a - b),
    [1, 2, 3, 100, 101, 102],
  )
  const runs = fc.array(step, { minLength: 12, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(runs, fc.infiniteStream(fc.integer()), (steps, seeds) => play(steps, seeds)),
    {
      numRuns: 8,
      endOnFailure: true,
    },
  )
})

const play = async (steps: readonly Step[], seeds: Iterator<number>): Promise<void> => {
  const rooms = [newRoomId(), newRoomId()]
  for (const roomId of rooms) await stage.writeRoom(aRoom({ roomId }))
  /** Everybody who ever connected, also those who have left. */
  const clients: EdgeClient[] = []
  const live = new Map<Uid, EdgeClient>()
  /** The secrets that were sent, by whose they are. */
  const secrets = new Map<string, { readonly uid: Uid; readonly roomId: string }>()

  const tell = async (to: Uid, roomId: string, what: number): Promise<string> => {
    const type = personal[what]
    const content = contents[what]
    assert.ok(type !== undefined && content !== undefined)
    const eventId = secretOf(to)
    const [sample] = fc.sample(content, { numRuns: 1, seed: Number(seeds.next().value) })
    const now = Date.now()
    const fields = { ...sample, eventId, roomId, toUid: to, occurredAt: now, inputPos: 0 }
    const timed = type === 'CohostInvited' ? { ...fields, expiresAt: now + 60_000 } : fields
    // the schema's own arbitrary made it
    await stage.write({ type, record: timed } as unknown as AnyRecord)
    secrets.set(eventId, { uid: to, roomId })
    return eventId
  }
  const enter = async (who: Uid, roomId: string, at: number, isBack: boolean): Promise<EdgeClient> => {
    const before = live.get(who)
    const client = isBack || before === undefined ? await edges[at]?.connect(who) : before
    assert.ok(client !== undefined)
    if (client !== before) clients.push(client)
    live.set(who, client)
    const subscribed = before?.lines.findLast(
      (line) => 'op' in line && line.op === 'subscribed' && line.room === roomId,
    )
    if (isBack && before !== undefined) await before.close()
    const known = subscribed !== undefined && 'op' in subscribed ? subscribed : undefined
    const { epoch, positions } = known ?? {}
    await client.subscribe(roomId, epoch === undefined || positions === undefined ? undefined : { epoch, positions })
    return client
  }

  for (const one of steps) {
    const roomId = 'room' in one ? (rooms[one.room] ?? '') : ''
    switch (one.kind) {
      case 'tell':
        await tell(one.uid, roomId, one.what)
        break
      case 'join':
      case 'return':
        await enter(one.uid, roomId, one.edge, one.kind === 'return')
        break
      case 'leave':
        await live.get(one.uid)?.unsubscribe(roomId)
        break
      case 'drop':
        await live.get(one.uid)?.close()
        live.delete(one.uid)
    }
  }

  // At the end everybody is in both rooms, and gets what is theirs: so what the others do not get was on its way indeed.
  for (const who of uids) for (const roomId of rooms) await enter(who, roomId, 0, false)
  for (const roomId of rooms) {
    const own = await Promise.all(uids.map((who, at) => tell(who, roomId, at)))
    const end = aStreamPublished({ roomId })
    await stage.write(record('StreamPublished', end))
    for (const [at, who] of uids.entries()) {
      const client = live.get(who)
      await client?.waitForPush(({ id }) => id === own[at])
      await client?.waitForPush(({ id }) => id === end.eventId)
    }
  }

  let seen = 0
  for (const client of clients) {
    for (const frame of client.frames) {
      for (const [secret, { uid: owner }] of secrets) {
        if (!frame.includes(secret)) continue
        assert.equal(client.uid, owner, 'somebody else saw it')
        seen += 1
      }
    }
    for (const { id, room: roomId } of client.messages()) {
      const secret = secrets.get(id)
      if (secret !== undefined) assert.equal(roomId, secret.roomId, 'it came in another room')
    }
  }
  assert.ok(seen >= uids.length * rooms.length)
  for (const client of live.values()) await client.close()
}
