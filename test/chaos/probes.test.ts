import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStateMachineConfig } from '../../services/state-machine/config.ts'
import { createRules } from '../../services/state-machine/rules.ts'
import { replay } from './replay.ts'

test('a replay expects a probe to be sent on, and no state for it', () => {
  const probe = { type: 'ProbeSent', record: { eventId: 'p', roomId: 'probe00000000000', occurredAt: 5 } } as const
  const replayed = replay({
    log: 'room.state.v1/0',
    inputs: [{ position: 3, timestamp: 9, input: probe }],
    states: [],
    rules: createRules(readStateMachineConfig({})),
  })
  assert.deepEqual(replayed.outputs, [
    {
      type: 'ProbePassed',
      record: { eventId: 'p.1', roomId: 'probe00000000000', occurredAt: 5, inputPos: 3 },
      position: 3,
      at: 9,
    },
  ])
  assert.deepEqual(replayed.differences, [])
  assert.equal(replayed.rooms.size, 0)
})
