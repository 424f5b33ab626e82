import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedback, invited, taken, terms } from './testing/agreement.ts'
import { said, World } from './testing/world.ts'

test('a peer that holds asks its owner again, and lets go on the word of its owner alone', () => {
  const world = invited()
  world.close('A')
  feedback(world, 'A', 'uA', 'uB')
  world.close('B')
  const held = world.room('B').session
  assert.deepEqual([held?.phase, held?.attemptId, held?.terms], ['held', 'e4.1', { ...terms, agreedAt: 0 }])
  world.told()
  world.pass(2_000)
  assert.deepEqual(world.told(), ['reserve→B e4.1', 'reserved→A e4.1'])
  const reserved = world.sent
  world.pass(58_000)
  const kinds = reserved.map(({ kind, uid, name, flag }) => [kind, uid, name, flag])
  assert.equal(kinds.filter(([kind]) => kind === 'reserved').length, 29)
  assert.deepEqual(kinds.at(-1), ['reserved', 'uB', 'name-uB', false])
  assert.equal(world.room('B').lock, 'e4.1')
  for (const room of ['A', 'B']) world.open(room)
  const { lock, lockPeer, lockedAt, session } = world.room('B')
  assert.deepEqual({ lock, lockPeer, lockedAt, session }, { lock: null, lockPeer: null, lockedAt: null, session: null })
  assert.deepEqual(
    world.deadlines('B').map((line) => line.split(' ')[0]),
    ['grace'],
  )
})

test('a peer says whether it is ready for mixing', () => {
  const world = invited()
  world.publish('B')
  world.ready('B')
  feedback(world, 'A', 'uA', 'uB')
  assert.equal(world.sent.find(({ kind }) => kind === 'reserved')?.flag, true)
  assert.deepEqual([world.room('A').session?.ownerReady, world.room('A').session?.peerReady], [false, true])
  assert.deepEqual([world.room('B').session?.ownerReady, world.room('B').session?.peerReady], [false, true])
})

test('a room that cannot be had says so, and the attempt is dead there', () => {
  const ended = invited()
  ended.leave('B')
  ended.tell('B', 'A', 'reserve', 'e4.1', { terms })
  const busy = ended.sent.find(({ kind }) => kind === 'busy')
  assert.deepEqual([busy?.roomId, busy?.sessionId, busy?.code], ['A', 'e4.1', 2003])
  assert.deepEqual(ended.room('B').dead, [{ attemptId: 'e4.1', until: 1_600_000 }])

  const dead = invited()
  dead.tell('B', 'A', 'release', 'e4.1')
  dead.tell('B', 'A', 'reserve', 'e4.1', { terms })
  assert.equal(dead.sent.find(({ kind }) => kind === 'busy')?.code, 3020)
  assert.equal(dead.room('B').lock, null)
  dead.close('A')
  dead.tell('B', 'A', 'reserve', 'e4.2', { terms })
  assert.equal(dead.room('B').lock, 'e4.2')

  const locked = invited()
  locked.close('C')
  locked.tell('B', 'C', 'reserve', 'e9.1', { terms: { ...terms, ownerRoomId: 'C', inviterRoomId: 'C' } })
  locked.told()
  locked.tell('B', 'A', 'reserve', 'e4.1', { terms })
  assert.equal(locked.sent.find(({ kind }) => kind === 'busy')?.code, 3020)
  assert.deepEqual([locked.room('B').lock, locked.room('B').dead[0]?.attemptId], ['e9.1', 'e4.1'])
})

test('a peer that is asked twice for one attempt answers twice, for another one of the same pair names what it holds', () => {
  const world = invited()
  world.close('A')
  world.tell('B', 'A', 'reserve', 'e4.1', { terms })
  const held = world.room('B').session
  world.pass(1_000)
  world.tell('B', 'A', 'reserve', 'e4.1', { terms })
  assert.deepEqual(world.told(), ['reserved→A e4.1', 'reserved→A e4.1'])
  assert.deepEqual(world.room('B').session, held)
  assert.equal(world.room('B').lockedAt, 1_000_000)
  world.tell('B', 'A', 'reserve', 'e5.1', { terms })
  assert.deepEqual(
    world.sent.map(({ kind, roomId, sessionId, subject }) => [kind, roomId, sessionId, subject]),
    [['joined', 'A', 'e5.1', 'e4.1']],
  )
  assert.equal(world.room('B').lock, 'e4.1')
})

test("a room that is not known is not made for a broadcaster, and a viewer's room is made once", () => {
  const unknown = invited()
  unknown.tell('Z', 'A', 'reserve', 'e9.1', { terms: { ...terms, peerRoomId: 'Z', inviteeRoomId: 'Z' } })
  const busy = unknown.sent.find(({ kind }) => kind === 'busy')
  assert.deepEqual([busy?.roomId, busy?.code, unknown.room('Z').uid], ['A', 2003, ''])

  const world = new World()
  const system = world.agreedViewer()
  const reserve = world.sent.find(({ kind }) => kind === 'reserve')
  world.publish(system)
  world.pass(1_000)
  const before = world.room(system)
  world.tell(system, 'A', 'reserve', reserve?.sessionId ?? '', { terms: reserve?.terms ?? null })
  assert.deepEqual([world.room(system).status, world.room(system).createdAt], [before.status, before.createdAt])
})

test('a word of a peer that comes again starts no mix of a session that has failed to', () => {
  const world = new World()
  world.agreedPair()
  for (const room of ['A', 'B']) world.ready(room)
  world.answerMix('A', 'start', 3400, 'InvalidArgument')
  world.commanded()
  world.tell('A', 'B', 'reserved', `${world.sessionId}.1`, { uid: 'uB', name: 'name-uB', flag: true })
  world.tell('A', 'C', 'reserved', 'x.1', { uid: 'uC', name: 'name-uC', flag: true })
  assert.deepEqual(world.commanded(), [])
})

test('a reservation without terms changes nothing', () => {
  const world = invited()
  const before = world.room('B')
  world.tell('B', 'A', 'reserve', 'e4.1')
  assert.equal(world.why(), 'reserve without terms')
  assert.deepEqual([world.room('B'), world.told()], [before, []])
})

test('a peer that holds for nobody is released, and one whose word was lost is confirmed again', () => {
  const world = invited()
  world.tell('A', 'B', 'reserved', 'e9.1', { uid: 'uB', name: 'name-uB' })
  assert.deepEqual(world.told(), ['release→B e9.1'])
  feedback(world, 'A', 'uA', 'uB')
  world.told()
  world.tell('A', 'B', 'reserved', 'e4.1', { uid: 'uB', name: 'name-uB' })
  const confirm = world.sent[0]
  assert.deepEqual(world.told(), ['confirm→B e4.1'])
  assert.deepEqual(confirm?.terms, terms)
  assert.equal(world.why(), 'confirm: known')
})

test('a confirmation of what is not held changes nothing, in a room that has ended it is answered', () => {
  const world = invited()
  const before = world.room('B')
  world.tell('B', 'A', 'confirm', 'e4.1', { terms })
  assert.equal(world.why(), 'confirm: not held')
  assert.deepEqual(world.room('B'), before)
  world.close('A')
  feedback(world, 'A', 'uA', 'uB')
  for (const [attempt, agreedTerms] of [
    ['e9.1', terms],
    ['e4.1', null],
  ] as const) {
    world.tell('B', 'A', 'confirm', attempt, { terms: agreedTerms })
    assert.equal(world.why(), 'confirm: not held')
    assert.equal(world.room('B').session?.phase, 'held')
  }
  world.leave('B')
  world.told()
  world.tell('B', 'A', 'confirm', 'e4.1', { terms })
  const gone = world.sent[0]
  assert.deepEqual([gone?.kind, gone?.roomId, gone?.sessionId, gone?.cause], ['gone', 'A', 'e4.1', 'room-ended'])
})

test('a room that was taken meanwhile fails its own agreement, and releases who holds for it', () => {
  const world = invited('C', 'A')
  world.invite('B', { uid: 'uC', roomId: 'C' })
  world.close('C')
  // B's reservation reaches C before A's word does.
  feedback(world, 'B', 'uB', 'uC')
  const request = feedback(world, 'C', 'uC', 'uA')
  assert.equal(world.room('A').lock, 'e4.1')
  world.close('B')
  world.open('C')
  assert.deepEqual(said(world.outcomes.get(request)), taken)
  assert.deepEqual([world.room('C').agreements, world.room('A').lock], [[], null])
  world.open('B')
  assert.deepEqual([world.room('C').lock, world.room('B').lock], ['e5.1', 'e5.1'])
})

test('an attempt that has ended is remembered for ten minutes, once', () => {
  const world = invited()
  world.tell('B', 'A', 'release', 'e4.1')
  world.pass(1_000)
  world.tell('B', 'A', 'release', 'e4.1')
  assert.deepEqual(world.room('B').dead, [{ attemptId: 'e4.1', until: 1_601_000 }])
  world.pass(1_000)
  world.tell('B', 'A', 'release', 'e5.1')
  world.publish('B')
  world.pass(599_000)
  world.tell('B', 'A', 'release', 'e6.1')
  assert.deepEqual(
    world.room('B').dead.map(({ attemptId }) => attemptId),
    ['e5.1', 'e6.1'],
  )
})
