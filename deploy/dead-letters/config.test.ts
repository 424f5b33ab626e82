import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDeadLettersConfig } from './config.ts'

const local = { KAFKA_BROKERS: '127.0.0.1:9192', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9185/x', INVITE_TTL_MS: '5000' }

test('what was started here is taken where nothing else is named', () => {
  const { kafka, registryUrl, limits } = readDeadLettersConfig({ KAFKA_BROKERS: '' }, local)
  assert.deepEqual([kafka.brokers, registryUrl], [['127.0.0.1:9192'], 'http://127.0.0.1:9185/x'])
  assert.deepEqual(limits, { inviteTtlMs: 5_000, graceMs: 180_000 })
})

test('a cluster that is named is never mixed up with what was started here', () => {
  const { kafka, registryUrl, limits } = readDeadLettersConfig({ KAFKA_BROKERS: 'kafka.example:9092' }, local)
  assert.deepEqual(kafka.brokers, ['kafka.example:9092'])
  assert.equal(registryUrl, 'http://127.0.0.1:8085/apis/ccompat/v7')
  assert.equal(limits.inviteTtlMs, 30_000)
})

test('a password that a system was started with is to be given again, and its name is told', () => {
  const secured = { ...local, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'roomcast' }
  const withRegistry = { ...local, SCHEMA_REGISTRY_USERNAME: 'roomcast' }
  assert.throws(() => readDeadLettersConfig({}, secured), /KAFKA_SASL_PASSWORD is missing .*not written down/)
  assert.throws(() => readDeadLettersConfig({}, withRegistry), /SCHEMA_REGISTRY_PASSWORD is missing .*not written down/)
  const { kafka } = readDeadLettersConfig({ KAFKA_SASL_PASSWORD: 'secret' }, secured)
  assert.deepEqual(kafka.sasl, { mechanism: 'plain', username: 'roomcast', password: 'secret' })
})

test('a bad setting is named', () => {
  assert.throws(() => readDeadLettersConfig({ INVITE_TTL_MS: 'soon' }), /INVITE_TTL_MS/)
})
