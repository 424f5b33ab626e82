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

test('a bad setting is named', () => {
  assert.throws(() => readDeadLettersConfig({ INVITE_TTL_MS: 'soon' }), /INVITE_TTL_MS/)
})
