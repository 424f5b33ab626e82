// deadline: 300 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { stopProcess } from '../../deploy/local/processes.ts'
import { findProbeRooms } from '../../services/shared/probe-rooms.ts'
import { isPush, mintToken, openEdgeSocket, type EdgeClient } from '../support/edge-client.ts'
import { metricSum } from '../support/metric-sum.ts'
import { pointOf, type ResumePoint } from '../support/resume-point.ts'
import { startTestSystem, type TestSystem } from '../support/system.ts'
import { until } from '../support/until.ts'

const partitions = 12
const recoveryMs = 60_000
let system: TestSystem

before(async () => {
  system = await startTestSystem({ base: process.env, env: { INGEST_PROBE_MS: '200' } })
})
after(() => system?.stop())

const timed = (): Promise<number> => system.metric('edge', 'roomcast_edge_probe_seconds_count')
const lastProbe = (): Promise<number> => system.metric('edge', 'roomcast_edge_probe_last_timestamp_seconds')
const sent = (): Promise<number> =>
  system.metric('ingest', 'roomcast_ingest_events_total', 'type="ProbeSent"', 'result="accepted"')

/** Resolves when a number has grown by so much. */
const grown = async (what: string, number: () => Promise<number>, by: number): Promise<void> => {
  const start = await number()
  await until(`${what} grew by ${by}`, async () => (await number()) >= start + by, recoveryMs)
}

/** Seconds that ten more probes took on average. */
const meanOfMore = async (): Promise<number> => {
  const read = async () => {
    const text = await system.metrics('edge')
    const [sum, count] = ['sum', 'count'].map((what) => metricSum(text, `roomcast_edge_probe_seconds_${what}`))
    return { sum: sum ?? NaN, count: count ?? NaN }
  }
  const before = await read()
  await grown('probes', timed, 10)
  const after = await read()
  return (after.sum - before.sum) / (after.count - before.count)
}

const untilLastIsNew = (): Promise<void> =>
  until('the newest probe is new', async () => Math.abs(Date.now() / 1_000 - (await lastProbe())) < 5)

const connect = async (uid: string): Promise<EdgeClient> => {
  const { edgeUrl, edgeJwtSecret = '' } = system.environment
  const client = await openEdgeSocket({ url: edgeUrl, uid })
  await client.connect(await mintToken({ secret: edgeJwtSecret, uid }))
  return client
}

/** A room, and a client in it that starts from nothing or from where it left. */
const enter = async (uid: string, room: string, point?: ResumePoint) => {
  const client = await connect(uid)
  return { client, answer: await client.subscribe(room, point) }
}
const newRoom = async (): Promise<string> => (await system.app.createLive({ uid: 'ann', name: 'Ann' })).roomId

const assertNothingOfProbes = ({ frames, lines }: EdgeClient, room: string): void => {
  assert.deepEqual(
    lines.filter(isPush).filter((push) => push.room !== room),
    [],
  )
  assert.deepEqual(
    frames.filter((frame) => /probe/i.test(frame)),
    [],
  )
}

test('probes reach an edge that has no client', async () => {
  await grown('probes', timed, 3)
  await untilLastIsNew()
})

test('probes reach an edge that has a client; the client is given nothing of them, and can resume over them', async () => {
  const room = await newRoom()
  const { client, answer } = await enter('vic', room)
  // Those of the edge's start were slow, and on a busy machine some later ones are.
  const areQuick = async (): Promise<boolean> => {
    const meanSeconds = await meanOfMore()
    return meanSeconds > 0 && meanSeconds < 2
  }
  await until('probes take less than 2 s', areQuick, recoveryMs)
  await untilLastIsNew()

  await system.app.stream('publish', room)
  const published = await client.waitForPush(9)
  await grown('probes', timed, 10)
  await system.app.stream('publish_done', room)
  const broken = await client.waitForPush(10)
  // Others had their place in the log between the two.
  assert.ok((broken.pos ?? 0) - (published.pos ?? 0) > 5, `${published.pos}, ${broken.pos}`)
  assertNothingOfProbes(client, room)
  const point = pointOf(answer, client)
  const stays = await system.join('stays', room)
  await client.close()

  await grown('probes', timed, 10)
  await system.app.stream('publish', room)
  await stays.waitForPush(9)
  const back = await enter('vic', room, point)
  assert.equal(back.answer.recovered, true)
  const again = await back.client.waitForPush(9)
  assert.ok((again.pos ?? 0) > (broken.pos ?? 0))
  assertNothingOfProbes(back.client, room)
  await back.client.close()
  await stays.close()
})

test('while the state-machine is stopped the newest probe of the edge gets older, and afterwards it is new again', async () => {
  const room = await newRoom()
  const { client } = await enter('vic', room)
  await grown('probes', timed, 5)
  await stopProcess({ dataDir: system.dataDir, name: 'state-machine', graceMs: 15_000 })
  await grown('sent probes', sent, 2 * partitions)
  const [stood, count] = [await lastProbe(), await timed()]
  await grown('sent probes', sent, 4 * partitions)
  assert.deepEqual([await lastProbe(), await timed()], [stood, count])

  await system.restart('state-machine')
  await until('the newest probe is new again', async () => Date.now() / 1_000 - (await lastProbe()) < 2, recoveryMs)
  assert.ok((await timed()) > count)
  await system.app.stream('publish', room)
  await client.waitForPush(9)
  assertNothingOfProbes(client, room)
  await client.close()
})

test('nobody can subscribe to a probe room, and the probes of its partition are timed all the same', async () => {
  const client = await connect('nosy')
  for (const room of findProbeRooms(partitions)) {
    const { op, code } = await client.subscribe(room)
    assert.deepEqual([op, code], ['error', 404])
  }
  assert.deepEqual(client.messages(), [])
  await client.close()
  const stays = await system.join('stays', await newRoom())
  await grown('probes', timed, 3)
  await stays.close()
})
