import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainError } from './advice.ts'

const errorOf = (name: string, message: string, code?: string): Error =>
  Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) })

test('an error that nothing can be advised on keeps its message', () => {
  assert.equal(
    explainError(errorOf('KafkaJSProtocolError', 'This server is not the leader')),
    'This server is not the leader',
  )
})

test('a login that an outage has cut short is no matter of the password', () => {
  const explain = (why: string): string =>
    explainError(errorOf('KafkaJSSASLAuthenticationError', `SASL SCRAM SHA512 authentication failed: ${why}`))
  for (const why of ['Closed connection', 'Request timed out', 'Not connected', 'Connection error: read ECONNRESET']) {
    assert.doesNotMatch(explain(why), /KAFKA_SASL/, why)
  }
  assert.match(explain('Authentication failed'), /look at KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/)
})

test('what OpenSSL says comes without its numbers and its line end', () => {
  const said =
    'Connection error: C06C82B9D37F0000:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:' +
    '../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 42\n'
  assert.equal(
    explainError(errorOf('KafkaJSConnectionError', said, 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE')),
    'Connection error: ssl/tls alert bad certificate; ' +
      'the broker does not take our certificate: look at KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE',
  )
})

test('what may be an ACL that is missing is told, also where kafkajs says only that it has found nobody', () => {
  const missing = /an ACL is missing/
  assert.match(explainError(errorOf('KafkaJSProtocolError', 'Group authorization failed')), missing)
  const nobody = errorOf('KafkaJSGroupCoordinatorNotFound', 'Failed to find group coordinator')
  assert.match(explainError(nobody), missing)
})
