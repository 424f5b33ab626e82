import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, isFault } from './fault.ts'

test('a fault carries its code and its cause, and is not retriable unless somebody says so', () => {
  const cause = new Error('connection refused')
  const fault = new Fault('BROKER_UNREACHABLE', 'no broker answers', { cause })
  assert.deepEqual(
    [fault.name, fault.code, fault.retriable, fault.cause],
    ['Fault', 'BROKER_UNREACHABLE', false, cause],
  )
  assert.equal(new Fault('BROKER_UNREACHABLE', 'no broker answers', { retriable: true }).retriable, true)
})

test('a fault is known by its code, other errors by none', () => {
  const fault: unknown = new Fault('BUFFER_FULL', 'too much')
  assert.deepEqual([isFault(fault, 'BUFFER_FULL'), isFault(fault, 'CONFIG_INVALID')], [true, false])
  assert.equal(isFault({ code: 'BUFFER_FULL' }, 'BUFFER_FULL'), false)
})
