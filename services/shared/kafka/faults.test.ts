import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../fault.ts'
import { toFault } from './faults.ts'

const kafkajsError = (name: string, fields: object = {}): Error =>
  Object.assign(new Error('refused'), { name, ...fields })

test('a login that is refused may succeed later: a password may be being replaced', () => {
  const refused = kafkajsError('KafkaJSSASLAuthenticationError', { retriable: false })
  const { code, retriable } = toFault(kafkajsError('KafkaJSNonRetriableError', { retriable: false, cause: refused }))
  assert.deepEqual([code, retriable], ['BROKER_REFUSED', true])
})

test('a fault of ours that kafkajs has wrapped stays what it was', () => {
  const ours = new Fault('BROKER_UNREACHABLE', 'KAFKA_SASL_PASSWORD_FILE cannot be used', { retriable: true })
  assert.equal(toFault(kafkajsError('KafkaJSNumberOfRetriesExceeded', { cause: ours })), ours)
})

test('what an ACL forbids is not tried again', () => {
  const denied = kafkajsError('KafkaJSProtocolError', { type: 'TOPIC_AUTHORIZATION_FAILED', retriable: false })
  assert.deepEqual([toFault(denied).code, toFault(denied).retriable], ['BROKER_REFUSED', false])
})
