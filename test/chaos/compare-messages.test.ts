import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerMessage } from '../../schemas/types.generated.ts'
import { sayingNothing } from '../../services/state-machine/domain/turn.ts'
import { compareMessages } from './compare-messages.ts'

const message = (eventId: string, occurredAt = 0): PeerMessage => ({
  eventId,
  occurredAt,
  fromRoomId: 'a',
  roomId: 'b',
  kind: 'fact',
  sessionId: 's.1',
  ...sayingNothing,
})
const told = [message('1'), message('2'), message('3')]
const compare = (ids: readonly string[], options: { acknowledged?: readonly string[]; settledAt?: number } = {}) =>
  compareMessages({
    told,
    heard: ids.map((id) => message(id)),
    acknowledged: new Set(options.acknowledged ?? []),
    settledAt: options.settledAt ?? 0,
  })
const kinds = (result: ReturnType<typeof compareMessages>) => result.differences.map(({ kind }) => kind)

test('messages that were sent again are counted, and no difference', () => {
  const result = compare(['1', '2', '1', '2', '3'])
  assert.deepEqual([kinds(result), result.repeated], [[], 2])
})

test('a message that left its outbox without being in the log is found', () => {
  assert.deepEqual(kinds(compare(['1', '3'], { acknowledged: ['1', '2', '3'] })), ['missing'])
})

test('a message that was never sent is found once it has had the time', () => {
  assert.deepEqual(kinds(compare(['1', '2'])), [])
  assert.deepEqual(kinds(compare(['1', '2'], { settledAt: 1 })), ['missing'])
})

test('messages of one room to another that come in another order are found', () => {
  assert.deepEqual(kinds(compare(['2', '1', '3'])), ['reordered'])
})

test('a message that nobody decided is found', () => {
  assert.deepEqual(kinds(compare(['1', '2', '3', '4'])), ['unexpected'])
})
