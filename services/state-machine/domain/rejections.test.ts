import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedback, invited } from './testing/agreement.ts'
import { World } from './testing/world.ts'

test('a refusal that comes later than its caller was kept waiting is pushed to him', () => {
  const world = new World()
  world.create('A')
  world.apply('A', 'viewer')
  world.seen()
  const system = [...world.room('A').invites].map(({ sessionId }) => `sys${sessionId}x1`)[0] ?? ''
  world.close(system)
  const request = world.put('CohostFeedbackRequested', 'A', { inviterUid: 'viewer', inviteeUid: 'uA', status: 1 })
  world.pass(10_000)
  assert.equal(world.outcomes.get(request)?.code, 3020)
  assert.deepEqual(world.seen(), ['A>uA RequestRejected'])
  world.open(system)
  assert.equal(world.room('A').lock, null)
})

test('a refusal that comes later than two seconds is pushed to who asked, in his own room', () => {
  for (const [lateMs, late] of [
    [2_000, false],
    [2_001, true],
  ] as const) {
    // B's broadcaster answers A's invite.
    const abroad = invited()
    abroad.close('B')
    const request = feedback(abroad, 'A', 'uA', 'uB')
    abroad.pass(lateMs)
    abroad.tell('A', 'B', 'busy', 'e4.1', { code: 2003 })
    abroad.open('B')
    const refusal = { code: 2003, message: "the invitee's room does not exist or has ended" }
    const rejected = { is: 'RequestRejected', endReason: 'refused', requestId: request, ...refusal }
    assert.deepEqual(abroad.pushed(), late ? [{ ...rejected, roomId: 'B', toUid: 'uB', actor: 'uB' }] : [])

    // A viewer answers the invite of the broadcaster of A.
    const atHome = new World()
    atHome.create('A')
    const session = atHome.invite('A', { uid: 'v' })?.sessionId ?? ''
    atHome.pushed()
    atHome.close(`sys${session}x1`)
    const viewers = feedback(atHome, 'A', 'uA', 'v')
    atHome.pass(lateMs)
    atHome.tell('A', `sys${session}x1`, 'busy', `${session}.1`, { code: 2003 })
    assert.ok(!atHome.told().some((line) => line.startsWith('rejected')))
    assert.deepEqual(
      atHome.pushed(),
      late ? [{ ...rejected, requestId: viewers, roomId: 'A', toUid: 'v', actor: 'v' }] : [],
    )
  }
})

test('a refusal that reaches a room that has ended is pushed to nobody', () => {
  const world = invited()
  world.leave('B')
  world.seen()
  world.tell('B', 'A', 'rejected', 'e4.1', { uid: 'uB', subject: 'e5', code: 3020, message: 'no' })
  assert.deepEqual([world.why(), world.seen()], ['rejected: nobody is here any more', []])
})
