import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { AnyRecord } from '../../schemas/types.generated.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { silentLog } from '../../services/shared/log.ts'
import { findProbeRooms } from '../../services/shared/probe-rooms.ts'
import { isPush } from '../support/edge-client.ts'
import { aRoom, aStreamPublished, newRoomId } from '../support/edge-records.ts'
import { record, startEdgeStage, type EdgeStage, type TestEdge } from '../support/edge-stage.ts'
import { startRestartablePlatform, type RestartablePlatform } from '../support/restartable-platform.ts'
import { metricSum } from '../support/metric-sum.ts'
import { leave, resume } from '../support/resume-point.ts'
import { until } from '../support/until.ts'

const partitions = 12
const probeRooms = findProbeRooms(partitions)
let dataDir: string
let platform: RestartablePlatform
let stage: EdgeStage

// A broker of its own: probes of other tests' systems would count.
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'roomcast-probe-'))
  platform = await startRestartablePlatform({ dataDir })
  const { brokers, registryUrl } = platform
  const kafka = createKafka({ brokers, clientId: 'roomcast-test', log: silentLog })
  stage = await startEdgeStage({ brokers, registryUrl, kafka, stop: async () => {} })
})
after(async () => {
  await stage?.stop()
  await platform?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const newRoom = async (): Promise<string> => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  return roomId
}
const publish = (roomId: string) => stage.write(record('StreamPublished', aStreamPublished({ roomId })))
const probe = (roomId: string, occurredAt = Date.now()): AnyRecord =>
  record('ProbePassed', {
    eventId: randomUUID(),
    roomId: probeRooms[partitionFor(roomId, partitions)] ?? '',
    occurredAt,
    inputPos: 0,
  })
const sumOf = async (edge: TestEdge, name: string, ...labels: readonly string[]): Promise<number> =>
  metricSum(await edge.metrics.metrics(), name, ...labels)
/** 0 before the first. */
const lastProbe = (edge: TestEdge) => sumOf(edge, 'roomcast_edge_probe_last_timestamp_seconds')
const timed = (edge: TestEdge) => sumOf(edge, 'roomcast_edge_probe_seconds_count')

/** When the newest probe of `probeAll` was sent, as it says. */
let newestAt = 0
/** The partition of each probe of `probeAll`, by when it was sent. */
const partitionOf = new Map<number, number>()

/** Sends a probe through every partition, each of another millisecond. Resolves with these by partition. */
const probeAll = async (): Promise<readonly number[]> => {
  const firstAt = Math.max(Date.now(), newestAt + 1)
  const moments = probeRooms.map((_, partition) => firstAt + partition)
  for (const [partition, moment] of moments.entries()) partitionOf.set(moment, partition)
  newestAt = firstAt + partitions
  await stage.transact(...probeRooms.map((room, partition) => probe(room, moments[partition])))
  return moments
}

/** Resolves with a partition whose probes an edge times; others than `not`. */
const findTimed = async (edge: TestEdge, not?: number): Promise<number> => {
  let found: number | undefined
  await until('a probe is seen', async () => {
    await probeAll()
    found = partitionOf.get(Math.round((await lastProbe(edge)) * 1_000))
    return found !== undefined && found !== not
  })
  return found ?? NaN
}

/** Sends a probe through every partition, and resolves when that of one partition is seen, and all before it. */
const passThrough = async (edge: TestEdge, partition: number): Promise<void> => {
  const moment = (await probeAll())[partition] ?? NaN
  await until('the probe is seen', async () => (await lastProbe(edge)) === moment / 1_000)
}

/** Of the probes through all partitions an edge times that of one, once. */
const assertTimes = async (edge: TestEdge, partition: number): Promise<void> => {
  await passThrough(edge, partition)
  const before = await timed(edge)
  await passThrough(edge, partition)
  assert.equal(await timed(edge), before + 1)
}

test('an edge without clients times the probes of one partition, one with clients those of theirs from the opening on', async (t) => {
  const edge = await stage.startEdge()
  t.after(() => edge.stop())
  const watched = await findTimed(edge)
  await assertTimes(edge, watched)

  let roomId = newRoomId()
  while (partitionFor(roomId, partitions) === watched) roomId = newRoomId()
  const partition = partitionFor(roomId, partitions)
  await stage.writeRoom(aRoom({ roomId }))
  const before = await timed(edge)
  const sentAt = newestAt + 1
  await until('that moment is over', async () => Date.now() > sentAt)
  await stage.transact(probe(roomId, sentAt))
  const client = await edge.join('ann', roomId)
  await until('the probe of before is seen', async () => (await lastProbe(edge)) === sentAt / 1_000)
  assert.equal(await timed(edge), before)
  await assertTimes(edge, partition)
  await publish(roomId)
  await client.waitForPush(9)
  assert.deepEqual(
    client.lines.filter(isPush).filter(({ room }) => room !== roomId),
    [],
  )

  await client.close()
  assert.equal(await findTimed(edge, partition), watched)
  await assertTimes(edge, watched)
})

test('probes neither take room in memory nor count against what may be read back for a cursor', async (t) => {
  const anywhere = await stage.startEdge()
  const strict = await stage.startEdge({ EDGE_SIGNAL_RING_BYTES: '0', EDGE_CATCH_UP_BYTES: '50000' })
  const keeping = await stage.startEdge()
  t.after(() => Promise.all([anywhere, strict, keeping].map((edge) => edge.stop())))
  const roomId = await newRoom()
  const point = await leave(anywhere, 'ann', roomId)
  const stays = await keeping.join('stays', roomId)
  const ringBytes = () => sumOf(keeping, 'roomcast_edge_ring_bytes', 'lane="signal"')
  const before = await ringBytes()
  // The first asks the registry for its schema, and those that come meanwhile are left out. It may be one of the last 15 s.
  await findTimed(keeping)
  await passThrough(keeping, partitionFor(roomId, partitions))
  const first = await timed(keeping)
  for (let sent = 0; sent < 4; sent += 1) await stage.write(...Array.from({ length: 500 }, () => probe(roomId)))
  await until('all are read', async () => (await timed(keeping)) === first + 2_000)
  assert.equal(await ringBytes(), before)
  // The cursor is read back from here: over all of them.
  await publish(roomId)
  await stays.waitForPush(9)
  const { client, answer } = await resume(strict, 'ann', roomId, point)
  assert.equal(answer.recovered, true)
  await client.waitForPush(9)
  assert.deepEqual(
    client
      .messages()
      .map(({ type }) => type)
      .filter((type) => type !== 103),
    [104, 9],
  )
  await client.close()
  await stays.close()
})
