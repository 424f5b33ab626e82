import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import { silentLog } from '../shared/log.ts'
import { World } from './domain/testing/world.ts'
import { sayingNothing } from './domain/turn.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { pause } from './pause.ts'

/** A room whose outbox holds one message per number, to the destination of that index. */
const roomWith = (messages: readonly (readonly [id: string, to: string])[]): Room => {
  const world = new World()
  world.create('A')
  const blank: Omit<PeerMessage, 'eventId' | 'roomId'> = {
    occurredAt: 0,
    kind: 'release',
    fromRoomId: 'A',
    sessionId: 's.1',
    ...sayingNothing,
  }
  return { ...world.room('A'), outbox: messages.map(([eventId, roomId]) => ({ ...blank, eventId, roomId })) }
}

type Rig = { readonly outbox: Outbox; readonly sent: string[]; readonly settled: () => Promise<void> }

const rig = (send: (message: PeerMessage, tries: number) => Promise<void>, expected: number): Rig => {
  const controller = new AbortController()
  const sent: string[] = []
  const tries = new Map<string, number>()
  const all = Promise.withResolvers<void>()
  let acknowledged = 0
  const outbox = createOutbox({
    send: async (message) => {
      const count = (tries.get(message.eventId) ?? 0) + 1
      tries.set(message.eventId, count)
      await send(message, count)
      sent.push(message.eventId)
    },
    onAcknowledged: () => {
      acknowledged += 1
      if (acknowledged === expected) all.resolve()
    },
    retryMs: 1,
    signal: controller.signal,
    log: silentLog,
  })
  return { outbox, sent, settled: () => all.promise }
}

test('messages to one room keep their order although one of them fails at first', async () => {
  const { outbox, sent, settled } = rig((message, tries) => {
    return message.eventId === '1' && tries < 3 ? Promise.reject(new Error('away')) : Promise.resolve()
  }, 3)
  outbox.take(
    roomWith([
      ['1', 'B'],
      ['2', 'B'],
      ['3', 'B'],
    ]),
  )
  await settled()
  assert.deepEqual(sent, ['1', '2', '3'])
})

test('a room that cannot be reached does not hold up another', async () => {
  const stuck = Promise.withResolvers<void>()
  const { outbox, sent, settled } = rig((message) => (message.roomId === 'B' ? stuck.promise : Promise.resolve()), 2)
  outbox.take(
    roomWith([
      ['1', 'B'],
      ['2', 'C'],
    ]),
  )
  await pause(5, new AbortController().signal)
  assert.deepEqual(sent, ['2'])
  stuck.resolve()
  await settled()
})

test('what the broker acknowledged leaves the state with a commit, and only then is forgotten', async () => {
  const { outbox, sent, settled } = rig(() => Promise.resolve(), 2)
  const room = roomWith([
    ['1', 'B'],
    ['2', 'C'],
  ])
  outbox.take(room)
  outbox.take(room)
  await settled()
  assert.deepEqual(sent, ['1', '2'])
  assert.deepEqual(outbox.acknowledged(), ['A'])
  const stripped = outbox.strip(room)
  assert.deepEqual(stripped.outbox, [])
  // A commit that failed leaves it as it was.
  outbox.settle('A', room)
  assert.deepEqual(outbox.acknowledged(), ['A'])
  outbox.settle('A', stripped)
  assert.deepEqual(outbox.acknowledged(), [])
})
