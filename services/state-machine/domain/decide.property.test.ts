import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { World } from './testing/world.ts'

// Histories in which messages between rooms are held back and delivered late. What they must come to when nothing is held back
// is the matter of decide.reference.test.ts; here is what holds in any order.

const runs = Number(process.env['HISTORIES'] ?? 250)
const ids = ['A', 'B', 'C'] as const
const room = fc.constantFrom(...ids)
const viewer = fc.constantFrom('v1', 'v2')

/** A world that keeps the ids of its requests, with the time of each. */
class AskedWorld extends World {
  readonly asked = new Map<string, number>()

  override put(...args: Parameters<World['put']>): string {
    const askedAt = this.now
    const id = super.put(...args)
    if (args[0].endsWith('Requested')) this.asked.set(id, askedAt)
    return id
  }
}

/** One thing that happens; the words are what a failure prints. */
type Act = { readonly say: string; readonly run: (world: World) => void }
const users = [...ids.map((id) => `u${id}`), 'v1', 'v2']

/** An act on any room, or on whatever `which` chooses. */
const on = <T>(arbitrary: fc.Arbitrary<T>, say: string, run: (world: World, chosen: T) => void): fc.Arbitrary<Act> =>
  arbitrary.map((chosen) => ({ say: `${say} ${fc.stringify(chosen)}`, run: (world) => run(world, chosen) }))

const answerWaiting = (world: World, which: number, status: 1 | 2): void => {
  const waiting = ids.flatMap((id) => (world.rooms.get(id)?.invites ?? []).map((invite) => ({ id, invite })))
  const { id, invite } = waiting[which % Math.max(1, waiting.length)] ?? {}
  if (id !== undefined && invite !== undefined) world.answer(id, invite.inviterUid, invite.inviteeUid, status)
}

const answerCommand = (world: World, which: number, code: number): void => {
  const command = world.commands.at(-1 - which)
  if (command !== undefined)
    world.answerMix(command.record.roomId, command.type === 'StartMix' ? 'start' : 'stop', code)
}

const partner = (world: World, id: string): string => world.rooms.get(id)?.lockPeer ?? 'A'

/** The next step on the way to a mix, wherever one is due. */
const goOn = (world: World, which: number): void => {
  const rooms = [...world.rooms.values()].filter(({ status }) => status !== 2)
  const unready = rooms.filter(({ session, mixReady }) => session !== null && !mixReady)
  const waiting = rooms.some(({ lock, invites }) => lock === null && invites.length > 0)
  const chosen = unready[which % Math.max(1, unready.length)]
  const [from, to] = [ids[which % ids.length], ids[(which + 1) % ids.length]]
  const newest = world.commands.at(-1 - (which % 2))
  const isStarting = rooms.some(({ session }) => session?.phase === 'starting')
  if (newest !== undefined && isStarting) answerCommand(world, which % 2, 200)
  else if (chosen !== undefined) world.ready(chosen.roomId)
  else if (waiting) answerWaiting(world, which, 1)
  else if (from !== undefined && to !== undefined) world.invite(from, { uid: `u${to}`, roomId: to })
}

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: on(fc.nat(11), 'go on', goOn) },
  on(room, 'publish', (world, id) => world.publish(id)),
  on(room, 'interrupt', (world, id) => world.interrupt(id)),
  { weight: 5, arbitrary: on(room, 'ready', (world, id) => world.ready(id)) },
  { weight: 2, arbitrary: on(room, "partner's room ready", (world, id) => world.ready(partner(world, id))) },
  {
    weight: 3,
    arbitrary: on(fc.tuple(room, room), 'invite', (world, [a, b]) => void world.invite(a, { uid: `u${b}`, roomId: b })),
  },
  on(fc.tuple(room, viewer), 'invite viewer', (world, [id, uid]) => void world.invite(id, { uid })),
  on(fc.tuple(room, viewer), 'apply', (world, [id, uid]) => void world.apply(id, uid)),
  {
    weight: 6,
    arbitrary: on(fc.tuple(fc.nat(20), fc.constantFrom<1 | 2>(1, 1, 1, 2)), 'answer', (world, [which, status]) =>
      answerWaiting(world, which, status),
    ),
  },
  on(fc.tuple(room, fc.constantFrom(...users), fc.constantFrom(...users)), 'agree', (world, [id, inviter, invitee]) => {
    world.answer(id, inviter, invitee, 1)
  }),
  on(fc.tuple(room, room), 'close', (world, [a, b]) => void world.closeSession(a, b)),
  on(room, 'close with partner', (world, id) => void world.closeSession(id, partner(world, id))),
  on(room, 'partner closes', (world, id) => void world.closeSession(partner(world, id), id)),
  {
    weight: 8,
    arbitrary: on(
      fc.tuple(fc.nat(3), fc.constantFrom(200, 200, 200, 200, 200, 3404)),
      'cloud answers',
      (world, [which, code]) => answerCommand(world, which, code),
    ),
  },
  on(
    fc.tuple(room, fc.constantFrom('Success', 'MainStreamNotExist', 'MixStreamNotExist', 'InternalError')),
    'status',
    (world, [id, code]) => world.status(id, partner(world, id), 'MixResult', code),
  ),
  on(fc.tuple(room, fc.nat(20)), 'cancel', (world, [id, which]) => {
    const invites = world.rooms.get(id)?.invites ?? []
    const inviterUid = invites[which % Math.max(1, invites.length)]?.inviterUid ?? `u${id}`
    world.put('CohostCancelRequested', id, { inviterUid, inviteeUid: null })
  }),
  on(room, "partner's room publishes", (world, id) => world.publish(partner(world, id))),
  on(room, "partner's room breaks off", (world, id) => world.interrupt(partner(world, id))),
  on(room, 'hold back messages to', (world, id) => world.close(id)),
  on(room, 'deliver messages to', (world, id) => world.open(id)),
  on(fc.constantFrom(100, 100, 2_500, 2_500, 12_000, 12_000, 31_000, 181_000), 'pass', (world, ms) => world.pass(ms)),
  on(room, 'leave', (world, id) => void world.leave(id)),
)

const seen = (world: World, type: string, id: string): number =>
  world.pushes.filter((push) => push.type === type && push.room === id).length

const settle = (world: World): void => {
  for (const id of [...world.rooms.keys(), ...ids]) world.open(id)
}

/** Runs `check` on worlds after any history, in which by then every message has been delivered and every agreement decided. */
const afterAnyHistory = (check: (world: AskedWorld) => void): void =>
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80, size: 'max' }), (acts) => {
      const world = new AskedWorld()
      for (const id of ids) world.create(id)
      for (const { run } of acts) run(world)
      settle(world)
      world.pass(15_000)
      check(world)
    }),
    { numRuns: runs, includeErrorInReport: true },
  )

test('after any history the rooms agree on their sessions', () => {
  afterAnyHistory((world) => {
    for (const [id, one] of world.rooms) {
      if (one.session === null) {
        assert.equal(one.lock, null, `${id} is locked without a session`)
        continue
      }
      const other = world.rooms.get(one.lockPeer ?? '')
      // An ended owner waits alone for the last stops.
      if (one.session.phase === 'stopping') continue
      assert.equal(other?.lock, one.lock, `${id} and ${one.lockPeer} disagree`)
      assert.equal(other?.session?.phase, one.session.phase)
      assert.deepEqual(other?.session?.terms, one.session.terms)
      assert.equal(other?.mixed, one.mixed)
    }
  })
})

test('after any history every request has exactly one outcome, with a code that the rules know', () => {
  // A second outcome of a request is thrown by the world itself.
  afterAnyHistory((world) => {
    assert.deepEqual(
      [...world.asked.keys()].filter((id) => !world.outcomes.has(id)),
      [],
    )
    assert.equal(world.outcomes.size, world.asked.size)
    for (const { code } of world.outcomes.values()) assert.ok([200, 2002, 2003, 3020, 3404].includes(code))
  })
})

test('a refusal that is late is pushed once to who asked, and no other', () => {
  afterAnyHistory((world) => {
    const told = world.pushes.flatMap(({ record }) => ('requestId' in record ? record : []))
    assert.equal(new Set(told.map(({ requestId }) => requestId)).size, told.length)
    for (const { requestId, code } of told) assert.equal(code, world.outcomes.get(requestId)?.code)
    const late = [...world.outcomes.values()]
      .filter(({ requestId, code, occurredAt }) => {
        const askedAt = world.asked.get(requestId) ?? 0
        return code !== 200 && occurredAt - askedAt > world.rules.lateMs
      })
      .map(({ requestId }) => requestId)
    const isTold = (id: string): boolean => told.some(({ requestId }) => requestId === id)
    // Who asked may be in a room that has ended meanwhile: nothing is pushed there.
    const hasEnded = world.pushes.some(({ type }) => type === 'LiveEnded')
    if (!hasEnded)
      assert.deepEqual(
        late.filter((id) => !isTold(id)),
        [],
      )
    assert.deepEqual(
      told.map(({ requestId }) => requestId).filter((id) => !late.includes(id)),
      [],
    )
  })
})

test('a push URL reaches the inviter alone, and is in no other push, command, room or message between rooms', () => {
  afterAnyHistory((world) => {
    const secret = world.rules.media.pushUrl('', 0).slice(0, 'rtmp://push'.length)
    for (const { room: pushed, to, type, record } of world.pushes) {
      if (!JSON.stringify(record).includes(secret)) continue
      assert.equal(type, 'CohostAgreed')
      if (!('rtmpUrl' in record)) continue
      assert.ok(record.rtmpUrl.includes(`/${record.inviterRoomId}?`), 'it is the address of the inviter')
      if (record.inviterType === 2) assert.deepEqual([pushed, to], [record.inviterRoomId, `u${record.inviterRoomId}`])
      else assert.ok(to === 'v1' || to === 'v2', 'a viewer is inviter')
    }
    for (const { record } of world.commands) assert.ok(!JSON.stringify(record).includes(secret))
    for (const one of world.rooms.values()) assert.ok(!JSON.stringify(one).includes(secret))
    for (const message of world.sent) assert.ok(!JSON.stringify(message).includes(secret))
  })
})

/** The pushes of one room about one session, as a word of one letter each: 2 agreed, F 14, 5, 4, E 15. */
const letters: Readonly<Record<string, string>> = {
  CohostAgreed: '2',
  MixFailed: 'F',
  MixSucceeded: '5',
  CohostEnded: '4',
  MixEnded: 'E',
}

test('after any history the pushes of a room are well formed', () => {
  afterAnyHistory((world) => {
    for (const id of ids) {
      const pushes = world.pushes.filter(({ room: pushed }) => pushed === id)
      const types = pushes.map(({ type }) => type)
      const end = types.indexOf('LiveEnded')
      assert.ok(end < 0 || end === types.length - 1, `${id}: something is pushed after its end`)

      const own = pushes
        .filter(({ record }) => 'streamRoomId' in record && record.streamRoomId === id)
        .map(({ type }) => (type === 'StreamPublished' ? '9' : '10'))
      assert.deepEqual(
        own,
        own.map((_, index) => (index % 2 === 0 ? '9' : '10')),
        `${id}: its stream starts and breaks by turns`,
      )

      const sessions = Object.groupBy(pushes, ({ record }) => ('sessionId' in record ? record.sessionId : ''))
      for (const [sessionId, told = []] of Object.entries(sessions)) {
        const word = told.map(({ type }) => letters[type] ?? '').join('')
        // Failures, then at most one success, one end of co-hosting, and an end of mixing after a success alone.
        assert.match(word, /^2?F*(4|54?|54E)?$/, `${id}: session ${sessionId}`)
        const isOver = world.rooms.get(id)?.session?.terms.sessionId !== sessionId
        if (word.includes('5') && isOver && end < 0) assert.ok(word.endsWith('E'), `${id}: mixing has ended without 15`)
      }
    }
    for (const { room: pushed } of world.pushes) assert.ok(!pushed.startsWith('sys'), 'a system room is pushed nothing')
  })
})

test('after any history, when all lives end, nothing is left, and each live ended exactly once', () => {
  afterAnyHistory((world) => {
    for (const id of ids) world.leave(id)
    world.pass(200_000)
    assert.deepEqual([...world.rooms.keys()], [])
    for (const id of ids) assert.equal(seen(world, 'LiveEnded', id), 1)
  })
})
