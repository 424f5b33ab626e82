// runs alone: a broker of its own, and four services
// deadline: 240 s
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { everybody, permissions, rulesFor, type Permission, type Who } from '../../deploy/kafka/acl-table.ts'
import { logFile } from '../../deploy/local/processes.ts'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import { kafkaConfig, kafkaSettings, readConfig } from '../../services/shared/config.ts'
import { createAcls } from '../../services/shared/kafka/acls.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka, type Kafka } from '../../services/shared/kafka/client.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'
import { changePassword } from '../support/change-password.ts'
import { passwordOf, startSecuredBroker, type SecuredBroker } from '../support/secured-broker.ts'
import { startSecuredRegistry, type SecuredRegistry } from '../support/secured-registry.ts'
import { startSecuredSystem, type SecuredSystem } from '../support/secured-system.ts'
import { until } from '../support/until.ts'

const partitions = 2
const log = silentLog
let registry: TestKafka
let broker: SecuredBroker
let proxy: SecuredRegistry
let system: SecuredSystem

const services = ['ingest', 'state-machine', 'mixer', 'edge'] as const
const passwordFile = (who: string): string => join(broker.folder, `${who}.password`)
const userOf = (who: string): string => `roomcast-${who}`
const settingsOf = (who: Who) => kafkaSettings(readConfig(z.object(kafkaConfig), broker.environmentOf(userOf(who))))
const kafkaOf = (who: Who): Kafka => createKafka({ ...settingsOf(who), clientId: `test-${who}`, log })

before(async () => {
  registry = await startKafka()
  // kafkajs logs in again 10 s before a login runs out: every 2 s here, in the midst of everything.
  broker = await startSecuredBroker({ users: everybody.map(userOf), properties: 'connections.max.reauth.ms=12000\n' })
  await createAcls({ kafka: broker.admin, rules: rulesFor(everybody, 'User:roomcast-{}') })
  const { registryUrl } = registry
  const signal = AbortSignal.timeout(60_000)
  await setup({ kafka: settingsOf('setup'), registryUrl, partitions, replication: 1, log, signal })
  for (const service of services) await writeFile(passwordFile(service), `${passwordOf(userOf(service))}\n`)
  proxy = await startSecuredRegistry({ registryUrl, caFile: broker.caFile, ...(await broker.issue('localhost')) })
  system = await startSecuredSystem({
    dataDir: broker.folder,
    environmentOf: (service) => ({
      ...broker.environmentOf(userOf(service)),
      KAFKA_SASL_PASSWORD: '',
      KAFKA_SASL_PASSWORD_FILE: passwordFile(service),
      ...proxy.environment,
      INGEST_PROBE_MS: '500',
    }),
  })
})
after(async () => {
  await system?.stop()
  await proxy?.stop()
  await broker?.stop()
  await registry?.stop()
})

const deadLettersBy = async (): Promise<ReadonlySet<string>> => {
  const topic = topics.deadLetter.name
  const services = new Set<string>()
  const bounds = await fetchWatermarks({ kafka: broker.admin, topic })
  for (const [partition, { highWatermark: to }] of bounds) {
    await readPartition({
      kafka: broker.admin,
      topic,
      partition,
      from: 'earliest',
      to,
      onMessages: (messages) => {
        for (const { headers } of messages) services.add(String(headers['service']))
      },
    })
  }
  return services
}

/** Makes each service put something aside: records that nobody can read, written by the broker's superuser. */
const makeDeadLetters = async (): Promise<void> => {
  const producer = await createBatchingProducer({
    kafka: broker.admin,
    maxBufferedMessages: 100,
    maxBufferedBytes: 100_000,
    deliveryTimeoutMs: 5_000,
    log,
  })
  for (const { name: topic } of [topics.roomInput, topics.mixCommand, topics.roomState]) {
    await producer.send({ topic, key: 'r', value: Buffer.from('no Avro') })
  }
  await producer.close()
  await until('each service has written a dead letter', async () => (await deadLettersBy()).size === 4, 30_000)
}

const kafkaOperations: Readonly<Record<Permission['operation'], string>> = {
  Read: 'READ',
  Write: 'WRITE',
  Create: 'CREATE',
  Describe: 'DESCRIBE',
  DescribeConfigs: 'DESCRIBE_CONFIGS',
}

test('by TLS and SASL alone, with exactly these rules, the whole conversation of co-hosting goes on', async () => {
  await system.converse()
  const denied = (await broker.readLog()).split('\n').filter((line) => line.includes('is Denied'))
  assert.deepEqual(denied, [])
})

test('nobody can write where the table does not let him', async () => {
  const tryAll = async (who: Who): Promise<void> => {
    const allowed: readonly Permission[] = permissions[who]
    const isAllowed = (topic: string): boolean =>
      allowed.some(({ resource, operation, name }) => resource === 'topic' && operation === 'Write' && name === topic)
    const producer = await createBatchingProducer({
      kafka: kafkaOf(who),
      maxBufferedMessages: 100,
      maxBufferedBytes: 100_000,
      deliveryTimeoutMs: 2_000,
      log,
    })
    const forbidden = Object.values(topics).filter(({ name }) => !isAllowed(name))
    const refusals = forbidden.map(({ name }) =>
      assert.rejects(
        producer.send({ topic: name, key: 'r', value: Buffer.from('x') }),
        /an ACL is missing/,
        `${who} to ${name}`,
      ),
    )
    await Promise.all(refusals)
    await producer.close()
  }
  await Promise.all(everybody.map(tryAll))
})

test('a password that is changed while the services run is waited for, and read from its file', async () => {
  const dataDir = broker.folder
  const logs = async (): Promise<readonly string[]> =>
    Promise.all(services.map((name) => readFile(logFile(dataDir, name), 'utf8')))
  for (const service of services) await changePassword(broker.admin, userOf(service), 'renewed-password')
  await until(
    'each service says which setting to look at',
    async () => (await logs()).every((text) => text.includes('look at KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD')),
    30_000,
  )
  for (const service of services) await writeFile(passwordFile(service), 'renewed-password\n')
  for (const service of services) await system.services[service].ready(20_000)
  await system.converse()
  for (const text of await logs()) assert.doesNotMatch(text, /renewed-password|-secret\b|p@ss/)
})

test('each rule of a service is needed: the broker has allowed something by it, and by no other', async () => {
  // The state-machine reads states at a start alone; before one that it could not read it would stand still.
  const restarted = system.services['state-machine']
  await restarted.stop()
  await restarted.start()
  await restarted.ready()
  await makeDeadLetters()
  const log = await broker.readLog()
  const kinds = { topic: 'Topic', group: 'Group', transactionalId: 'TransactionalId', cluster: 'Cluster' }
  const isUsed = (who: Who, { resource, name, operation }: Permission): boolean =>
    log
      .split('\n')
      .some(
        (line) =>
          line.includes(`User:${userOf(who)} is Allowed operation = ${kafkaOperations[operation]} `) &&
          line.includes(`on resource = ${kinds[resource]}:LITERAL:${name}`) &&
          line.includes(`operation=${kafkaOperations[operation]}`),
      )
  const unused = [...services, 'setup' as const].flatMap((who) =>
    permissions[who]
      .filter((permission) => !isUsed(who, permission))
      .map(({ operation, name }) => [who, operation, name]),
  )
  assert.deepEqual(unused, [])
})
