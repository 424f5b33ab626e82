import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import type { Room } from '../../schemas/types.generated.ts'
import { readStateMachineConfig } from '../../services/state-machine/config.ts'
import { createRules } from '../../services/state-machine/rules.ts'
import { decideLogged, recordLifecycles } from './lifecycles.ts'

const rules = createRules(readStateMachineConfig({}))

test('recorded lifecycles hold every kind of input, and lead through whole sessions when they are decided again', () => {
  const log = recordLifecycles({ rooms: 20, inputs: 5_000, rules })
  const kinds = new Set<string>(log.map(({ input }) => input.type))
  assert.deepEqual(
    topics.roomInput.records.filter((type) => !kinds.has(type)),
    ['ClockRead', 'ProbeSent'],
  )
  const rooms = new Map<string, Room>()
  const outputs = new Set(log.flatMap((logged) => decideLogged(rooms, logged, rules)).map(({ type }) => type))
  for (const type of [
    'CohostInvited',
    'CohostAgreed',
    'MixSucceeded',
    'MixEnded',
    'InviteExpired',
    'LiveEnded',
  ] as const) {
    assert.ok(outputs.has(type), type)
  }
})
