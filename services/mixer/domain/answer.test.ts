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

test('a special case counts as its family: what stands before the first dot', () => {
  assert.deepEqual(
    ['InvalidArgument.Template', 'NoSuchStream.Main.Gone', 'InternalError.Busy', 'Throttling.User'].map(codeOf),
    [3400, 3404, 3500, 3000],
  )
  assert.deepEqual(
    ['InternalErrors', 'XInternalError', '.InternalError', 'internalError'].map(codeOf),
    [3000, 3000, 3000, 3000],
  )
})

test('only InternalError, throttling and an unavailable service may pass by themselves', () => {
  const isPassingWord = (error: string): boolean => isPassing({ accepted: false, error, message: '' })
  const passing = ['InternalError', 'InternalError.Busy', 'Throttling', 'Throttling.User', 'ServiceUnavailable']
  const lasting = ['InvalidArgument', 'NoSuchStream', 'Forbidden.RAM', 'NoAnswer', 'ThrottlingNot', '']
  assert.deepEqual(
    [passing.map(isPassingWord), lasting.map(isPassingWord)],
    [
      [true, true, true, true, true],
      [false, false, false, false, false, false],
    ],
  )
  assert.equal(isPassing({ accepted: true, streamNames: [] }), false)
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
