import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { World } from './testing/world.ts'

const ids = ['A', 'B', 'C'] as const
const room = fc.constantFrom(...ids)
const viewer = fc.constantFrom('v1', 'v2')

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

const act: fc.Arbitrary<Act> = fc.oneof(
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
  on(room, 'hold back messages to', (world, id) => world.close(id)),
  on(room, 'deliver messages to', (world, id) => world.open(id)),
  on(fc.constantFrom(100, 2_500, 12_000, 31_000), 'pass', (world, ms) => world.pass(ms)),
  on(room, 'leave', (world, id) => void world.leave(id)),
)

const seen = (world: World, type: string, id: string): number =>
  world.pushes.filter((push) => push.type === type && push.room === id).length

const settle = (world: World): void => {
  for (const id of [...world.rooms.keys(), ...ids]) world.open(id)
}

test('after any history the rooms agree, every request has its answer, and secrets reach the inviter alone', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80, size: 'max' }), (acts) => {
      const world = new World()
      for (const id of ids) world.create(id)
      for (const { run } of acts) run(world)
      settle(world)
      world.pass(15_000)
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
      for (const { to, record } of world.pushes) {
        if ('rtmpUrl' in record)
          assert.equal(to, record.inviterRoomId.startsWith('sys') ? to : `u${record.inviterRoomId}`)
      }
      for (const outcome of world.outcomes.values()) assert.ok([200, 2002, 2003, 3020, 3404].includes(outcome.code))
    }),
    { numRuns: 400, includeErrorInReport: true },
  )
})

test('after any history, when all lives end, nothing is left, and each live ended exactly once', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80, size: 'max' }), (acts) => {
      const world = new World()
      for (const id of ids) world.create(id)
      for (const { run } of acts) run(world)
      settle(world)
      for (const id of ids) world.leave(id)
      world.pass(200_000)
      assert.deepEqual([...world.rooms.keys()], [])
      for (const id of ids) {
        assert.equal(seen(world, 'LiveEnded', id), 1)
        assert.ok(seen(world, 'MixEnded', id) <= seen(world, 'MixSucceeded', id))
        assert.ok(world.pushes.filter((push) => push.room === id).at(-1)?.type !== 'CohostInvited')
      }
      for (const { room: pushed } of world.pushes)
        assert.ok(!pushed.startsWith('sys'), 'nothing is pushed to a system room')
    }),
    { numRuns: 400, includeErrorInReport: true },
  )
})
