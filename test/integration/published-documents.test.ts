import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { pushMessages } from '../../schemas/events.ts'
import { readRecords } from '../../schemas/records.ts'
import { fullNames, type AnyRecord } from '../../schemas/types.generated.ts'
import { arbitraryRecord } from '../support/arbitrary-record.ts'
import { createAnswerCheck } from '../support/check-answer.ts'
import { isOp } from '../support/edge-client.ts'
import { aRoom, newRoomId } from '../support/edge-records.ts'
import { startEdgeStage } from '../support/edge-stage.ts'

// Test clients check every line by the published schemas, and fail where one is not as published. Here every kind of line is received.

const stage = await startEdgeStage()
after(() => stage.stop())
const edge = await stage.startEdge()

const schemas = readRecords()
const inviteTtlMs = 60_000

/** A record of every push message that is in a log, with arbitrary content. */
const anyPushes = (roomId: string, toUid: string): readonly AnyRecord[] =>
  pushMessages
    .filter(({ lane }) => lane !== 'edge')
    .map(({ record: type, audience }) => {
      const [content] = fc.sample(arbitraryRecord(fullNames[type], schemas), 1)
      const record = {
        ...content,
        eventId: randomUUID(),
        roomId,
        occurredAt: Date.now(),
        inputPos: 0,
        toUid: audience === 'user' ? toUid : null,
        ...(type === 'Liked' ? { count: 3 } : {}),
        ...(type === 'CohostInvited' ? { expiresAt: Date.now() + inviteTtlMs } : {}),
      }
      return { type, record } as unknown as AnyRecord // what its schema's own arbitrary made
    })

test('every push message and every answer that a client receives is as published', async () => {
  const roomId = newRoomId()
  await stage.writeRoom(aRoom({ roomId }))
  const ann = await edge.join('ann', roomId)
  for (const record of anyPushes(roomId, 'ann')) await stage.write(record)
  const bob = await edge.join('bob', roomId)
  for (const { name, type } of pushMessages) {
    await assert.doesNotReject(ann.waitForPush(type, { timeoutMs: 15_000 }), name)
  }

  ann.send('?')
  await ann.waitForLine((line) => isOp(line) && line.code === 400)
  assert.equal((await ann.subscribe('nobodysRoom')).code, 404)
  const { epoch = '', positions = {} } = await ann.subscribe(roomId)
  assert.equal((await ann.subscribe(roomId, { epoch, positions })).recovered, true)
  assert.equal((await ann.ping()).op, 'pong')
  assert.equal((await ann.unsubscribe(roomId)).op, 'unsubscribed')
  await Promise.all([ann.close(), bob.close()])
})

test('what is no stream is answered as published', async () => {
  const check = createAnswerCheck('openapi-edge.generated.json')
  const path = '/v1/ws'
  const response = await fetch(`${edge.url.replace('ws:', 'http:')}`, { signal: AbortSignal.timeout(5_000) })
  check({ method: 'GET', path, status: response.status, contentType: null, body: await response.text() })
})
