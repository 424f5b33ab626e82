import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOf, stopOf } from '../../../test/contract/mix-cloud.ts'
import { answeredOf, codeOf, isPassing } from './answer.ts'

test('the cloud’s words of refusal have codes, and every other word is 3000', () => {
  assert.deepEqual(
    ['InvalidArgument', 'NoSuchStream', 'InternalError', 'Throttling', '', 'constructor'].map(codeOf),
    [3400, 3404, 3500, 3000, 3000, 3000],
  )
})

test('only InternalError may pass by itself', () => {
  const refusal = (error: string) => ({ accepted: false, error, message: '' }) as const
  assert.deepEqual(
    [refusal('InternalError'), refusal('InvalidArgument'), { accepted: true, streamNames: [] } as const].map(isPassing),
    [true, false, false],
  )
})

test('an accepted start is answered with its streams, and an event id that derives from the command', () => {
  const record = startOf('roomA', 'roomB', 7)
  const answered = answeredOf({ type: 'StartMix', record }, { accepted: true, streamNames: ['roomA_mix360'] }, 99)
  assert.deepEqual(answered, {
    eventId: `${record.eventId}.answer`,
    roomId: 'roomA',
    occurredAt: 99,
    commandId: record.eventId,
    sessionId: 's1',
    generation: 7,
    action: 'start',
    code: 200,
    reason: '',
    message: '',
    streamNames: ['roomA_mix360'],
  })
})

test('a refused stop keeps the cloud’s word and message', () => {
  const record = stopOf('roomA', 'roomB')
  const answered = answeredOf({ type: 'StopMix', record }, { accepted: false, error: 'Odd', message: 'why' }, 99)
  assert.deepEqual(
    [answered.action, answered.code, answered.reason, answered.message, answered.streamNames],
    ['stop', 3000, 'Odd', 'why', []],
  )
})
