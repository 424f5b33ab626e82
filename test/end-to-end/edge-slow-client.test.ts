// runs alone: the load that the clients are too slow for takes most of a core
// deadline: 240 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../chaos/random.ts'
import { startEdgeProcesses, type EdgeProcesses } from '../support/edge-processes.ts'
import { aCohostInvited, aRoom, newRoomId } from '../support/edge-records.ts'
import { record, startEdgeStage, type EdgeStage } from '../support/edge-stage.ts'
import { startFlood } from '../support/flood.ts'
import { openAcknowledgingReader, openReaderBehindSlowLink } from '../support/counting-reader.ts'
import { until } from '../support/until.ts'

const bytesPerSecond = 20_000
const invites = 20
/** The window of a client that names none. */
const ownWindowBytes = 64 * 1024
const smallWindowBytes = 16 * 1024
const uid = 'slow'

let stage: EdgeStage
let processes: EdgeProcesses

before(async () => {
  stage = await startEdgeStage()
  processes = await startEdgeProcesses({ kafka: stage.kafka, names: ['edge'] })
})
after(async () => {
  await processes?.stop()
  await stage?.stop()
})

test('in a flood a slow client gets each invite after no more than a window of older bytes, and every sum is exact', async (t) => {
  const seed = Date.now() % 1_000_000
  const random = createRandom(seed)
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  const [{ url } = { url: '' }] = processes.edges
  const one = { url, uid, roomId, bytesPerSecond }
  const slow = [
    {
      how: 'acknowledges',
      windowBytes: smallWindowBytes,
      reader: await openAcknowledgingReader({ ...one, windowBytes: smallWindowBytes }),
    },
    { how: 'answers pings', windowBytes: ownWindowBytes, reader: await openReaderBehindSlowLink(one) },
  ].map((client) => ({ ...client, atAppend: new Map<string, number>(), atEdge: new Map<string, number>() }))
  for (const { reader } of slow) t.after(reader.close)
  /** The same user at a good connection: what it has received, the edge has sent to all. */
  const witness = await openAcknowledgingReader({ url, uid, roomId, windowBytes: ownWindowBytes })
  t.after(witness.close)
  const flood = startFlood({ stage, roomId, commentsPerSecond: 1_000, likesPerSecond: 5_000, likeCount: 3 })
  t.after(flood.stop)
  for (const { how, reader } of slow) {
    await until(`too much waits for who ${how}`, () => reader.dropped() > 0, 30_000)
  }

  const sent: string[] = []
  for (let count = 0; count < invites; count += 1) {
    await sleep(random.whole(50, 1_200)) // the moment is what is random
    const invited = aCohostInvited({ roomId, toUid: uid, expiresAt: Date.now() + 600_000 })
    const { eventId } = invited
    await stage.transact(record('CohostInvited', invited))
    for (const { reader, atAppend } of slow) atAppend.set(eventId, reader.bulkBytes())
    await until('the edge has sent the invite', () => witness.has(eventId))
    for (const { reader, atEdge } of slow) atEdge.set(eventId, reader.bulkBytes())
    sent.push(eventId)
  }
  for (const { how, reader } of slow) {
    await until(`who ${how} has every invite`, () => reader.signals().length >= invites, 30_000)
  }
  const written = await flood.stop()

  for (const { how, windowBytes, reader, atAppend, atEdge } of slow) {
    assert.deepEqual(reader.signals(), sent, `who ${how} gets each invite once, in order`)
    const since = (marks: ReadonlyMap<string, number>): readonly number[] =>
      sent.map((id) => (reader.bulkBytesBefore(id) ?? NaN) - (marks.get(id) ?? NaN)).toSorted((a, b) => a - b)
    const [sinceEdge, sinceAppend] = [since(atEdge), since(atAppend)]
    const show = (bytes: readonly number[]): string => `median ${bytes[invites / 2]}, most ${bytes.at(-1)}`
    t.diagnostic(
      `${how} (window ${windowBytes}): bytes of comments and likes before an invite: since the edge sent it ${show(sinceEdge)}; since it was appended ${show(sinceAppend)}; seed ${seed}`,
    )
    assert.ok((sinceEdge.at(-1) ?? NaN) <= windowBytes, `who ${how}: ${show(sinceEdge)} bytes before an invite`)
  }
  const seen: string[] = []
  for (const { how, reader } of slow) {
    reader.hurry()
    const sums = (): string => `${reader.comments() + reader.dropped()} comments, ${reader.likes()} likes`
    const expected = `${written.comments} comments, ${written.likes} likes`
    await until(`who ${how} adds up to ${expected}, now ${sums()}`, () => sums() === expected, 20_000).catch(() => {
      assert.equal(sums(), expected, how)
    })
    assert.ok(reader.dropped() > 0 && reader.comments() > 0, `${how}: some comments come, some do not`)
    seen.push(`who ${how}: ${reader.comments()} comments received, ${reader.dropped()} announced as left out`)
  }
  t.diagnostic(`${seen.join('; ')}; ${written.likes} likes counted by each`)
})
