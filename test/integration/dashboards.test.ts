// deadline: 400 s
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { stopProcess } from '../../deploy/local/processes.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { startMonitoring, type Monitoring } from '../../deploy/observability/monitoring.ts'
import { topics } from '../../schemas/topics.ts'
import { readPanels, type Panel } from '../drills/dashboards.ts'
import { startLoad, type Load } from '../drills/load.ts'
import { mintToken, openEdgeSocket } from '../support/edge-client.ts'
import { querySamples, skipWithoutMonitoring, type Sample } from '../support/monitoring.ts'
import { pointOf } from '../support/resume-point.ts'
import { sendUnreadable } from '../support/send-unreadable.ts'
import { startTestSystem, type TestSystem } from '../support/system.ts'
import { until } from '../support/until.ts'

/** Scrapes and evaluations every 1.5 s instead of 15. */
const scale = 0.1
const warmSessions = 2
const warmWithinMs = 90_000
const dataWithinMs = 120_000
const showsWithinMs = 60_000

let system: TestSystem
let monitoring: Monitoring
let load: Load
const panels = await readPanels()

before(async () => {
  if (skipWithoutMonitoring !== false) return
  system = await startTestSystem({
    base: process.env,
    isIsolated: true,
    // Silent connections are pinged, and invites run out, while the test looks.
    env: { INGEST_PROBE_MS: '500', EDGE_SILENCE_TIMEOUT_MS: '3000', INVITE_TTL_MS: '3000' },
  })
  const { dataDir, environment } = system
  monitoring = await startMonitoring({ dataDir, environment, ports: { prometheus: 0, alertmanager: 0 }, scale })
  load = startLoad(system)
  await load.mixed(warmSessions, warmWithinMs)
})
after(async () => {
  await load?.stop()
  await monitoring?.stop()
  await system?.stop()
})

/** What Prometheus has for an expression now; NaN is no number. */
const ask = async (expression: string): Promise<readonly Sample[]> =>
  (await querySamples(monitoring, expression)).filter(({ value }) => !Number.isNaN(value))

/** The queries without data, each as dashboard, panel and expression. */
const withoutData = async (among: readonly Panel[]): Promise<readonly string[]> => {
  const complaints: string[] = []
  for (const { dashboard, title, queries } of among) {
    for (const { expression } of queries) {
      const what = await ask(expression).then((samples) => (samples.length === 0 ? 'no data' : undefined), String)
      if (what !== undefined) complaints.push(`${dashboard} / ${title}: ${what}: ${expression}`)
    }
  }
  return complaints
}

/** What the panel of that title on "are users fine?" shows, over all its queries. */
const shown = async (title: string): Promise<readonly Sample[]> => {
  const panel = panels.find((one) => one.dashboard === 'roomcast: are users fine?' && one.title === title)
  assert.ok(panel !== undefined, title)
  return (await Promise.all(panel.queries.map(({ expression }) => ask(expression)))).flat()
}

const shows = (title: string, isSo: (sample: Sample) => boolean): Promise<void> =>
  until(`"${title}" shows it`, async () => (await shown(title)).some(isSo), showsWithinMs)

const isAtLeastOne = ({ value }: Sample): boolean => value >= 1

/** A client that has read nothing since it came, by its own word. */
const openSilentReader = async (room: string) => {
  const { edgeUrl, edgeJwtSecret = '' } = system.environment
  const client = await openEdgeSocket({ url: edgeUrl, uid: 'silent' })
  client.send(
    JSON.stringify({ op: 'connect', token: await mintToken({ secret: edgeJwtSecret, uid: 'silent' }), window: 4096 }),
  )
  await client.subscribe(room)
  return client
}

/** What the load leaves out: somebody who leaves and comes back, an invite that runs out, and requests that are refused. */
const doTheRest = async (): Promise<void> => {
  const room = load.busyRoom()
  const { edgeUrl, edgeJwtSecret = '' } = system.environment
  const connect = async () => {
    const client = await openEdgeSocket({ url: edgeUrl, uid: 'returns' })
    await client.connect(await mintToken({ secret: edgeJwtSecret, uid: 'returns' }))
    return client
  }
  const first = await connect()
  const point = pointOf(await first.subscribe(room), first)
  await first.close()
  const second = await connect()
  assert.equal((await second.subscribe(room, point)).recovered, true)
  assert.equal((await second.subscribe('no room')).op, 'error')
  await second.close()

  const [alice, bob] = [await system.app.createLive({ uid: 'alice' }), await system.app.createLive({ uid: 'bob' })]
  await system.app.invite({
    inviterUid: 'alice',
    inviteeUid: 'bob',
    liveRoomId: alice.roomId,
    inviteeRoomId: bob.roomId,
    type: 'side_by_side',
    inviterType: 2,
  })
  assert.equal((await system.app.post('/live/comment', {})).status, 400)
  await system.app.leaveLive(alice.roomId)
  await system.app.leaveLive(bob.roomId)
}

describe('the dashboards of a system that runs', { skip: skipWithoutMonitoring }, () => {
  test('every expression of every panel has data under load, though nothing is wrong', async () => {
    assert.ok(panels.length > 100)
    let waiting = panels
    let missing: readonly string[] = []
    const isComplete = async (): Promise<boolean> => {
      await doTheRest()
      missing = await withoutData(waiting)
      // What had data once is not asked again: a quiet moment is no fault.
      waiting = waiting.filter(({ queries }) =>
        queries.some(({ expression }) => missing.some((complaint) => complaint.endsWith(expression))),
      )
      return missing.length === 0
    }
    await waitUntil(isComplete, { deadlineMs: dataWithinMs })
    assert.deepEqual(missing, [])
  })

  test('the instances that can be chosen are those that are scraped', async () => {
    const areScraped = async () => (await ask('up{job=~"ingest|state-machine|mixer|edge"} == 1')).length === 4
    await until('four instances are scraped', areScraped, showsWithinMs)
  })

  test('nothing is red while nothing is wrong', async () => {
    for (const title of [
      'Dead letters, 10 min',
      'Mix commands that failed, 10 min',
      'Parts that are not ready',
      'Registry does not answer',
    ]) {
      await until(`"${title}" is not red`, async () => !(await shown(title)).some(isAtLeastOne), showsWithinMs)
    }
    const answering = async () => (await shown('Instances that answer')).map(({ value }) => value)
    await until('all instances answer', async () => (await answering()).join() === '1,1,1,1', showsWithinMs)
  })

  test('a poison record shows as a dead letter of the service that met it', async () => {
    const { brokers } = system.environment
    await sendUnreadable({ brokers, topic: topics.roomInput.name, key: load.busyRoom() })
    await shows(
      'Dead letters, 10 min',
      (sample) => isAtLeastOne(sample) && sample.labels['service'] === 'state-machine',
    )
  })

  test('a client that does not read shows as one that waits', async (t) => {
    const client = await openSilentReader(load.busyRoom())
    t.after(() => client.close())
    await shows('Clients that do not read', isAtLeastOne)
  })

  test('a cloud that answers InternalError shows as mix commands with 3500', async () => {
    await system.restart('mixer', { env: { MIXER_SIMULATED_FAIL: 'start:InternalError' } })
    await shows(
      'Mix commands that failed, 10 min',
      (sample) => isAtLeastOne(sample) && sample.labels['code'] === '3500',
    )
  })

  test('a state-machine that is stopped shows as 0 instances, and the newest marker gets older', async () => {
    await stopProcess({ dataDir: system.dataDir, name: 'state-machine', graceMs: 15_000 })
    await shows('Instances that answer', ({ labels, value }) => labels['job'] === 'state-machine' && value === 0)
    await shows('Newest marker event is old', ({ value }) => value > 5)
    await shows('Alerts that fire', ({ labels }) => labels['alertname'] === 'ServiceDown')
  })
})
