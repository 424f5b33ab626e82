import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { addressOf, checkBrokerCount, createNodes, obtainClusterId, readBrokerCount } from './cluster.ts'
import { writeWhole } from './files.ts'
import { readSettings } from './settings.ts'

const makeDataDir = async (t: TestContext): Promise<string> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-cluster-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  return dataDir
}

test('a new folder takes any number of brokers, and keeps it', async (t) => {
  const dataDir = await makeDataDir(t)
  assert.equal(await readBrokerCount(dataDir), undefined)
  await checkBrokerCount(dataDir, 3)
  const id = await obtainClusterId(dataDir, 3)
  assert.equal(await obtainClusterId(dataDir, 3), id, 'all nodes are formatted with the same id')
  assert.equal(await readBrokerCount(dataDir), 3)
  await assert.rejects(
    checkBrokerCount(dataDir, 1),
    /holds a cluster of 3 brokers, not 1: .* Set BROKERS=3, or another/,
  )
})

test('a folder of a single broker is refused to three', async (t) => {
  const dataDir = await makeDataDir(t)
  await writeWhole(join(dataDir, 'kafka/data/meta.properties'), 'version=1\n')
  assert.equal(await readBrokerCount(dataDir), 1)
  await checkBrokerCount(dataDir, 1)
  await assert.rejects(checkBrokerCount(dataDir, 3), /holds a cluster of 1 broker, not 3: .* Set BROKERS=1, or another/)
})

test('each node has ports of its own, and the first those of a single broker', () => {
  const ports = { KAFKA_PORT: 9092, KAFKA_CONTROLLER_PORT: 1, KAFKA_PORT_2: 2, KAFKA_CONTROLLER_PORT_2: 3 }
  assert.deepEqual(createNodes(1, ports), [{ id: 1, port: 9092, controllerPort: 1 }])
  assert.deepEqual(createNodes(2, ports).map(addressOf), ['127.0.0.1:9092', '127.0.0.1:2'])
})

test('as many brokers as the folder has, unless BROKERS says otherwise, and as many replicas as brokers', () => {
  const read = (env: Readonly<Record<string, string>>, made?: number) => {
    const { brokers, replication, ports } = readSettings(env, [], made)
    return { brokers, replication, kafkaPorts: Object.keys(ports).filter((name) => name.startsWith('KAFKA_PORT')) }
  }
  const alone = { brokers: 1, replication: 1, kafkaPorts: ['KAFKA_PORT'] }
  const three = { brokers: 3, replication: 3, kafkaPorts: ['KAFKA_PORT', 'KAFKA_PORT_2', 'KAFKA_PORT_3'] }
  assert.deepEqual(read({}), alone)
  assert.deepEqual(read({ BROKERS: '3' }), three)
  assert.deepEqual(read({}, 3), three)
  assert.deepEqual(read({ BROKERS: '3', TOPIC_REPLICATION: '1' }), { ...three, replication: 1 })
  assert.partialDeepStrictEqual(read({ BROKERS: '3', KAFKA_BROKERS: 'elsewhere:9092' }), { brokers: 0, replication: 1 })
  assert.throws(() => read({ BROKERS: '2' }), /BROKERS: expected 1 or 3/)
})
