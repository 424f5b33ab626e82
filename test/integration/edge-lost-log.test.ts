import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { deleteRecordsBefore } from '../../services/shared/kafka/admin.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { silentLog } from '../../services/shared/log.ts'
import {
  aCohostAgreed,
  aCohostInvited,
  anInvite,
  aRoom,
  aSession,
  aStreamPublished,
  newRoomId,
} from '../support/edge-records.ts'
import { record, startEdgeStage, type EdgeStage, type TestEdge } from '../support/edge-stage.ts'
import { startRestartablePlatform, type RestartablePlatform } from '../support/restartable-platform.ts'
import { leave, resume } from '../support/resume-point.ts'

// A broker of its own: records are deleted from logs that others would read.
let dataDir: string
let platform: RestartablePlatform
let stage: EdgeStage
let edges: readonly TestEdge[]

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'roomcast-lost-log-'))
  platform = await startRestartablePlatform({ dataDir })
  const { brokers, registryUrl } = platform
  const kafka = createKafka({ brokers, clientId: 'roomcast-test', log: silentLog })
  stage = await startEdgeStage({ brokers, registryUrl, kafka, stop: async () => {} })
  edges = [await stage.startEdge(), await stage.startEdge()]
})
after(async () => {
  await stage?.stop()
  await platform?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

test('what is gone from the log is not recovered: the state comes, and what is open is sent again', async () => {
  const roomId = newRoomId()
  const invited = aCohostInvited({ roomId, toUid: 'guest', inputPos: 1 })
  const agreed = aCohostAgreed({ roomId, toUid: 'guest', inputPos: 2 })
  await stage.writeRoom(aRoom({ roomId }))
  const [edge] = edges
  assert.ok(edge !== undefined)
  const point = await leave(edge, 'guest', roomId)
  const gone = aStreamPublished({ roomId })
  await stage.write(record('StreamPublished', gone))
  const partition = partitionFor(roomId, 12)
  const topic = topics.pushSignal.name
  const ends = await fetchWatermarks({ kafka: stage.kafka.kafka, topic, partitions: [partition] })
  const offset = ends.get(partition)?.highWatermark ?? 0
  await deleteRecordsBefore({ kafka: stage.kafka.kafka, topic, partition, offset })
  await stage.write(record('CohostInvited', invited), record('CohostAgreed', agreed))
  const session = { ...aSession('agreed', { roomId, peerRoomId: 'b1', agreedEventId: agreed.eventId }) }
  session.terms = { ...session.terms, inviterUid: 'guest' }
  const invites = [anInvite({ inviteeUid: 'guest', eventId: invited.eventId })]
  await stage.writeRoom(aRoom({ roomId, inputPos: 2, invites, session }))

  for (const one of edges) {
    const { client, answer } = await resume(one, 'guest', roomId, point)
    assert.equal(answer.recovered, false)
    const last = aStreamPublished({ roomId })
    await stage.write(record('StreamPublished', last))
    await client.waitForPush(({ id }) => id === last.eventId)
    const ids = client
      .messages()
      .filter(({ type }) => type < 100)
      .map(({ id }) => id)
    assert.deepEqual(ids.slice(0, 2), [invited.eventId, agreed.eventId])
    assert.equal(ids.includes(gone.eventId), false)
    await client.close()
  }
})
