import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSetupConfig } from './setup-config.ts'

test('all replicas but one have to be in sync, unless something else is set', () => {
  assert.deepEqual(readSetupConfig({ TOPIC_PARTITIONS: '48', TOPIC_REPLICATION: '3' }).topics, {
    partitions: 48,
    replication: 3,
    minInsync: 2,
  })
  assert.equal(readSetupConfig({}).topics.minInsync, 1)
  const five = { TOPIC_REPLICATION: '5', TOPIC_MIN_INSYNC_REPLICAS: '3' }
  assert.equal(readSetupConfig(five).topics.minInsync, 3)
})

test('more replicas in sync than there are is refused: nothing could be written', () => {
  assert.throws(
    () => readSetupConfig({ TOPIC_REPLICATION: '2', TOPIC_MIN_INSYNC_REPLICAS: '3' }),
    /TOPIC_MIN_INSYNC_REPLICAS is 3 of TOPIC_REPLICATION 2/,
  )
})
