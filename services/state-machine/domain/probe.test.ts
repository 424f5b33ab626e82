import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './decide.ts'
import { World } from './testing/world.ts'

const probe = { type: 'ProbeSent', record: { eventId: 'p', roomId: 'probe00000000007', occurredAt: 900 } } as const
const passed = {
  type: 'ProbePassed',
  record: { eventId: 'p.1', roomId: 'probe00000000007', occurredAt: 900, inputPos: 17 },
}

test('a probe is sent on with the time at which it was sent, and nothing is kept of it', () => {
  const { rules } = new World()
  const decision = decide(null, probe, { position: 17, timestamp: 1_000 }, rules)
  assert.deepEqual(decision, { room: null, outputs: [passed], ignored: 'probe' })
})

test('a probe changes nothing of a room that has its name, not even what the room remembers', () => {
  const world = new World()
  world.create(probe.record.roomId)
  const room = world.room(probe.record.roomId)
  const decision = decide(room, probe, { position: 17, timestamp: room.occurredAt + 1 }, world.rules)
  assert.equal(decision.room, room)
  assert.deepEqual(decision.outputs, [passed])
})
