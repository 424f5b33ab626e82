// deadline: 240 s
import assert from 'node:assert/strict'
import { copyFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createAcls } from '../../services/shared/kafka/acls.ts'
import { createTopics, fetchClusterId } from '../../services/shared/kafka/admin.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka, type Kafka, type Sasl, type TlsFiles } from '../../services/shared/kafka/client.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { changePassword } from '../support/change-password.ts'
import { passwordOf, startSecuredBroker, type SecuredBroker } from '../support/secured-broker.ts'
import { until } from '../support/until.ts'

const secret = 'a-wrong-password'
const scram: Sasl = { mechanism: 'scram-sha-512', username: 'admin', password: passwordOf('admin') }
let broker: SecuredBroker

before(async () => {
  // kafkajs logs in again 10 s before a login runs out: after 2 s here.
  broker = await startSecuredBroker({ users: ['reader'], properties: 'connections.max.reauth.ms=12000\n' })
})
after(() => broker?.stop())

const kafkaWith = (options: { brokers?: string[]; ssl?: TlsFiles | boolean; sasl?: Sasl | null }): Kafka =>
  createKafka({
    brokers: [broker.saslAddress],
    clientId: 'test',
    ssl: { caFile: broker.caFile },
    log: silentLog,
    ...options,
  })

const connect = (kafka: Kafka, deadlineMs = 10_000): Promise<string> => fetchClusterId({ kafka, deadlineMs })

test('users come in by PLAIN and by both kinds of SCRAM, and clients with a certificate without a user', async () => {
  const { certFile, keyFile } = await broker.issue('broker')
  const ways = [
    kafkaWith({ sasl: { mechanism: 'plain', username: 'plain', password: passwordOf('plain') } }),
    kafkaWith({ sasl: { ...scram, mechanism: 'scram-sha-256' } }),
    kafkaWith({ sasl: scram }),
    kafkaWith({ brokers: [broker.tlsAddress], ssl: { caFile: broker.caFile, certFile, keyFile } }),
  ]
  const ids = await Promise.all(ways.map((kafka) => connect(kafka)))
  assert.equal(new Set(ids).size, 1)
})

test('what keeps a client out is told with the setting to look at, and without a secret', async () => {
  const { caFile, tlsAddress, saslAddress } = broker
  const stranger = join(broker.folder, 'ca.key') // no certificate
  const { certFile } = await broker.issue('client')
  const { keyFile } = await broker.issue('other')
  const cases: readonly (readonly [string, Parameters<typeof kafkaWith>[0], RegExp])[] = [
    ['a wrong password', { sasl: { ...scram, password: secret } }, /KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/],
    ['an unknown user', { sasl: { ...scram, username: 'nobody' } }, /KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/],
    [
      'a password of PLAIN',
      { sasl: { mechanism: 'plain', username: 'plain', password: secret } },
      /KAFKA_SASL_USERNAME/,
    ],
    ['an authority that is not known', { ssl: true, sasl: scram }, /KAFKA_SSL_CA_FILE/],
    ['a file without certificates', { ssl: { caFile: stranger }, sasl: scram }, /KAFKA_SSL_CA_FILE/],
    ['no such file', { ssl: { caFile: '/nowhere/ca.crt' }, sasl: scram }, /KAFKA_SSL_CA_FILE/],
    [
      'no such password file',
      { sasl: { mechanism: 'plain', username: 'plain', passwordFile: '/nowhere/password' } },
      /KAFKA_SASL_PASSWORD_FILE/,
    ],
    [
      'another name',
      { brokers: [saslAddress.replace('localhost', '127.0.0.1')], sasl: scram },
      /KAFKA_BROKERS.*advertised/,
    ],
    ['no TLS at a port that wants it', { ssl: false, sasl: scram }, /KAFKA_SSL/],
    ['no user at a port that wants one', {}, /KAFKA_SASL_MECHANISM/],
    [
      'a user at a port that wants none',
      { brokers: [tlsAddress], ssl: { caFile }, sasl: scram },
      /KAFKA_SSL_CERT_FILE/,
    ],
    ['no certificate at a port that wants one', { brokers: [tlsAddress] }, /KAFKA_SSL_CERT_FILE/],
    [
      'a key of another certificate',
      { brokers: [tlsAddress], ssl: { caFile, certFile, keyFile } },
      /KAFKA_SSL_KEY_FILE/,
    ],
  ]
  const looks = cases.map(async ([name, options, expected]) => {
    const refusal = await connect(kafkaWith(options), 15_000).then(
      () => 'it came in',
      (error: unknown) => String(error),
    )
    assert.match(refusal, expected, name)
    assert.doesNotMatch(refusal, new RegExp(`${secret}|${passwordOf('admin')}|BEGIN`), name)
  })
  await Promise.all(looks)
})

test('a renewed certificate, authority or password is taken from its file at the next connection', async () => {
  const folder = broker.folder
  const passwordFile = join(folder, 'password')
  const caFile = join(folder, 'renewed-ca.crt')
  const kafka = kafkaWith({ ssl: { caFile }, sasl: { mechanism: 'scram-sha-512', username: 'admin', passwordFile } })
  const connecting = connect(kafka, 60_000)
  // That it fails is told below, where it is waited for.
  connecting.catch(() => {})
  await writeFile(caFile, 'half a fi')
  await writeFile(passwordFile, `${secret}\n`)
  await assert.rejects(connect(kafka, 5_000), /KAFKA_SSL_CA_FILE/)
  await copyFile(broker.caFile, caFile)
  await assert.rejects(connect(kafka, 5_000), /KAFKA_SASL_PASSWORD/)
  await writeFile(passwordFile, `${passwordOf('admin')}\n`)
  assert.ok(await connecting)
  await rm(caFile)
  await assert.rejects(connect(kafka, 5_000), /KAFKA_SSL_CA_FILE/)
})

test('a reader whose password is changed stands still, says so, and misses nothing once the file has the new one', async () => {
  const passwordFile = join(broker.folder, 'reader.password')
  await writeFile(passwordFile, passwordOf('reader'))
  const topic = 'rotation'
  await createTopics({
    kafka: kafkaWith({ sasl: scram }),
    topics: [{ name: topic, partitions: 1, replication: 1, config: {} }],
  })
  await createAcls({
    kafka: broker.admin,
    rules: [{ principal: 'User:reader', resource: 'topic', pattern: 'literal', name: topic, operation: 'Read' }],
  })
  const seen: string[] = []
  const outages: string[] = []
  let recovered = 0
  const reader = await createReader({
    kafka: kafkaWith({ sasl: { mechanism: 'scram-sha-512', username: 'reader', passwordFile } }),
    topic,
    maxWaitMs: 50,
    minBytes: 1,
    maxBytes: 100_000,
    onMessages: ({ messages }) => void seen.push(...messages.map(({ value }) => String(value))),
    onOutOfRange: () => 'stop',
    onOutage: (fault) => void outages.push(fault.message),
    onRecovered: () => void (recovered += 1),
    log: silentLog,
  })
  const producer = await createBatchingProducer({
    kafka: kafkaWith({ sasl: scram }),
    maxBufferedMessages: 10,
    maxBufferedBytes: 10_000,
    deliveryTimeoutMs: 5_000,
    log: silentLog,
  })
  const write = (value: string) => producer.send({ topic, key: 'k', value: Buffer.from(value) })
  try {
    reader.add(0, 0)
    await write('before')
    await until('the first record is read', () => seen.length === 1)
    // A broker may need a moment until it goes by a new rule: what was refused before that does not count.
    await until('nothing is refused any more', () => recovered === outages.length)
    const refusedBefore = outages.length
    await changePassword(broker.admin, 'reader', 'the-new-one')
    await until('the reader is out', () => outages.length > refusedBefore)
    assert.match(outages.at(-1) ?? '', /KAFKA_SASL_PASSWORD/)
    await write('meanwhile')
    await writeFile(passwordFile, 'the-new-one')
    await until('the reader goes on', () => recovered === outages.length)
    await until('the record is read', () => seen.length === 2)
    assert.deepEqual(seen, ['before', 'meanwhile'])
  } finally {
    await reader.close()
    await producer.close()
  }
})
