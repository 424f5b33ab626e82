// deadline: 240 s
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test, type TestContext } from 'node:test'
import { describeMetrics } from '../../deploy/observability/metrics-page.ts'
import { startTestSystem, type ServiceName, type TestSystem } from '../support/system.ts'
import { until } from '../support/until.ts'

const services = ['ingest', 'state-machine', 'mixer', 'edge'] as const

/** These are there with the ffmpeg cloud alone. */
const isOfCloudInABox = (name: string): boolean => name.startsWith('roomcast_mixer_')

const hasPromtool = spawnSync('promtool', ['--version']).status === 0
let system: TestSystem

before(async () => {
  // A broker of its own: rooms of other tests would count.
  system = await startTestSystem({
    base: process.env,
    isIsolated: true,
    env: { INGEST_PROBE_MS: '500', EDGE_SILENCE_TIMEOUT_MS: '3000' },
  })
})
after(() => system?.stop())

/** The names of metrics that have a sample; of a histogram without the ends that its samples have. */
const sampled = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split('\n')
      .filter((line) => line.startsWith('roomcast_'))
      .map((line) => line.split(/[{ ]/)[0] ?? '')
      .flatMap((name) => [name, name.replace(/_(bucket|sum|count)$/, '')]),
  )

const isAtLeast = async (service: ServiceName, least: number, name: string, ...labels: readonly string[]) =>
  (await system.metric(service, name, ...labels)) >= least

/** Two broadcasters from their rooms to the mixed picture, with a viewer who comments and likes. */
const coHost = async (t: TestContext): Promise<string> => {
  const { app } = system
  const alice = await app.createLive({ uid: 'alice' })
  const bob = await app.createLive({ uid: 'bob' })
  const viewer = await system.join('viewer', alice.roomId)
  t.after(() => viewer.close())
  const bobsPhone = await system.join('bob', bob.roomId)
  t.after(() => bobsPhone.close())
  await app.invite({
    inviterUid: 'alice',
    inviteeUid: 'bob',
    liveRoomId: alice.roomId,
    inviteeRoomId: bob.roomId,
    type: 'side_by_side',
    inviterType: 2,
  })
  await app.feedback({ inviterUid: 'alice', inviteeUid: 'bob', liveRoomId: alice.roomId, status: 1 })
  await until('the session is agreed', () => isAtLeast('state-machine', 2, 'roomcast_sessions', 'phase="agreed"'))
  for (const { roomId } of [alice, bob]) await app.stream('publish', roomId)
  for (const { roomId } of [alice, bob]) await app.available(roomId)
  await until('the mixes run', () => isAtLeast('state-machine', 2, 'roomcast_sessions', 'phase="mixed"'))
  await app.comment({ roomId: alice.roomId, uid: viewer.uid, comment: 'hello' })
  await app.like({ roomId: alice.roomId, uid: viewer.uid, count: 3 })
  await until('the comment and the like went out', async () => {
    const sent = 'roomcast_edge_messages_sent_total'
    return (await isAtLeast('edge', 1, sent, 'weight="8"')) && (await isAtLeast('edge', 1, sent, 'weight="9"'))
  })
  return alice.roomId
}

test('a session shows in the metrics, and what is scraped is what the page says', async (t) => {
  const room = await coHost(t)
  await until('a probe arrived', () => isAtLeast('edge', 1, 'roomcast_edge_probe_seconds_count'))
  await until('a ping was answered', () => isAtLeast('edge', 1, 'roomcast_edge_ping_seconds_count'))

  await t.test('its latency, transitions and outcomes are counted', async () => {
    for (const weight of [4, 5]) {
      assert.ok(await isAtLeast('state-machine', 1, 'roomcast_derived_seconds_count', `weight="${weight}"`))
      assert.ok(await isAtLeast('edge', 1, 'roomcast_edge_delivery_seconds_count', `weight="${weight}"`))
    }
    const machine = (name: string, ...labels: readonly string[]) => system.metric('state-machine', name, ...labels)
    assert.equal(await machine('roomcast_room_transitions_total', 'from="created"', 'to="pushing"'), 2)
    assert.equal(await machine('roomcast_session_transitions_total', 'to="mixed"'), 2)
    assert.ok((await machine('roomcast_requests_decided_total', 'code="200"')) >= 4)
    assert.equal(await machine('roomcast_rooms'), 2)
    assert.equal(await system.metric('edge', 'roomcast_edge_way_connections'), 2)
    assert.ok((await system.metric('mixer', 'roomcast_mix_command_seconds_count', 'action="start"', 'code="200"')) >= 2)
  })

  await t.test('whoever has read everything has no lag', async () => {
    for (const service of services) {
      await until(`${service} has caught up`, async () => (await system.metric(service, 'roomcast_lag_seconds')) === 0)
    }
    assert.equal(await system.metric('mixer', 'roomcast_lag_messages'), 0)
  })

  for (const service of services) {
    await t.test(`${service}: every metric of the page has samples, and none is missing on the page`, async () => {
      const described = (describeMetrics().get(service) ?? []).map(({ name }) => name)
      const names = sampled(await system.metrics(service))
      const missing = described.filter((name) => !names.has(name) && !isOfCloudInABox(name))
      assert.deepEqual(missing, [])
      const strange = [...names].filter(
        (name) => !described.includes(name.replace(/_(bucket|sum|count)$/, '')) && !described.includes(name),
      )
      assert.deepEqual(strange, [])
    })

    const skip = !hasPromtool && 'not installed: promtool (Debian: prometheus)'
    await t.test(`${service}: promtool finds nothing wrong`, { skip }, async () => {
      const input = await system.metrics(service)
      const settings = { input, encoding: 'utf8', timeout: 10_000 } as const
      const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], settings)
      assert.equal(status, 0, `${stdout} ${stderr}`)
    })
  }

  await t.test('a restart of the state-machine counts the rooms anew, and no transition', async () => {
    await system.restart('state-machine')
    assert.equal(await system.metric('state-machine', 'roomcast_rooms'), 2)
    assert.equal(await system.metric('state-machine', 'roomcast_sessions', 'phase="mixed"'), 2)
    assert.equal(await system.metric('state-machine', 'roomcast_room_transitions_total'), 0)
    assert.ok(await isAtLeast('state-machine', 2, 'roomcast_restored_rooms_total'))
    assert.ok(await isAtLeast('state-machine', 2, 'roomcast_restored_records_total'))
    await system.app.leaveLive(room)
    await until('the room has ended', () =>
      isAtLeast('state-machine', 1, 'roomcast_room_transitions_total', 'to="ended"'),
    )
  })
})
