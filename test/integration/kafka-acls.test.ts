// deadline: 300 s
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { everybody, permissions, type Permission, type Who } from '../../deploy/kafka/acl-table.ts'
import { logFile } from '../../deploy/local/processes.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { topics, type Topic } from '../../schemas/topics.ts'
import type { RecordName, Records } from '../../schemas/types.generated.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { silentLog } from '../../services/shared/log.ts'
import { changePassword } from '../support/change-password.ts'
import { newRoomId } from '../support/edge-records.ts'
import { readRecord, writeRecord } from '../support/secured-rules.ts'
import { openSecuredStage, type SecuredStage } from '../support/secured-stage.ts'
import { openUpstream } from '../support/secured-upstream.ts'
import { until } from '../support/until.ts'

const services = ['ingest', 'state-machine', 'mixer', 'edge'] as const
let stage: SecuredStage
before(async () => {
  stage = await openSecuredStage()
})
after(() => stage?.close())

const denied = async (): Promise<readonly string[]> =>
  (await stage.broker.readLog()).split('\n').filter((line) => line.includes('is Denied'))

test('by TLS and SASL alone, with exactly these rules, the whole conversation of co-hosting goes on', async () => {
  await stage.system.converse()
  assert.deepEqual(await denied(), [])
})

test('what an upstream user writes reaches clients, and what nobody can read is replayed by the user for that', async () => {
  const { system } = stage
  const upstream = await openUpstream({ kafka: stage.kafkaOf('upstream'), environment: stage.registry.environment })
  const make = <Body extends object>(roomId: string, body: Body) => ({
    eventId: randomUUID(),
    roomId,
    occurredAt: Date.now(),
    ...body,
  })
  const create = { uid: 'una', name: 'Una', description: null }
  const comment = { uid: 'una', name: 'Una', comment: 'hello' }
  const like = { uid: 'una', name: 'Una', count: 1 }
  const [roomId, otherId] = [newRoomId(), newRoomId()]
  const isCreated = (requestId: string): Promise<void> =>
    until('ingest tells the outcome', async () => (await system.app.get(`/requests/${requestId}`)).code === 200)

  const request = make(roomId, create)
  await upstream.write(topics.roomInput, 'LiveCreateRequested', request)
  await isCreated(request.eventId)
  const client = await system.join('una', roomId)
  await upstream.write(topics.pushComment, 'Commented', make(roomId, comment))
  await upstream.write(topics.pushLike, 'Liked', make(roomId, like))
  await client.waitForPush(6)
  await client.waitForPush(7)

  /** Replays the one letter with this key of a topic, in whose place this was meant. */
  const replay = async <N extends RecordName>(topic: Topic, type: N, record: Records[N]): Promise<void> => {
    const giver = topic === topics.pushComment ? 'edge' : 'state-machine'
    const filters = ['--topic', topic.name, '--room', record.roomId, '--service', giver]
    let listed = ''
    await until('it was given up', async () => /^all 1,/m.test((listed = await stage.deadLetters('list', ...filters))))
    const [, letter = ''] = /^ +(\d+\/\d+) /m.exec(listed) ?? []
    assert.match(await stage.deadLetters('show', letter), /no":"Avro/)
    const file = join(stage.broker.folder, 'mended.json')
    await writeFile(file, JSON.stringify({ type, record }))
    const replayed = await stage.deadLetters('replay', letter, '--json-file', file, '--yes')
    assert.match(replayed, /^1 of 1 replayed/m)
  }
  await upstream.writeJunk(topics.roomInput, otherId)
  await upstream.writeJunk(topics.pushComment, roomId)
  await upstream.writeJunk(topics.pushLike, roomId)
  // What came since is looked through before a replay.
  await upstream.write(topics.pushComment, 'Commented', make(roomId, comment))
  await upstream.write(topics.pushLike, 'Liked', make(roomId, like))
  const meant = make(otherId, create)
  await replay(topics.roomInput, 'LiveCreateRequested', meant)
  await isCreated(meant.eventId)
  const from = client.lines.length
  await replay(topics.pushComment, 'Commented', make(roomId, { ...comment, comment: 'mended' }))
  await replay(topics.pushLike, 'Liked', make(roomId, like))
  await client.waitForPush(({ type, data }) => type === 6 && JSON.stringify(data).includes('mended'), { from })
  await client.waitForPush(7, { from })
  await client.close()
  await upstream.close()
  assert.deepEqual(await denied(), [])
})

test('nobody can read or write what the table does not let him', async () => {
  const tryAll = async (who: Who): Promise<void> => {
    const kafka = stage.kafkaOf(who)
    const rules: readonly Permission[] = permissions[who]
    const forbidden = (operation: 'Read' | 'Write'): readonly string[] =>
      Object.values(topics)
        .map(({ name }) => name)
        .filter((topic) => !rules.some(({ name, ...rule }) => name === topic && rule.operation === operation))
    for (const topic of forbidden('Read'))
      await assert.rejects(readRecord(kafka, topic), /an ACL is missing/, `${who} from ${topic}`)
    const limits = { maxBufferedMessages: 100, maxBufferedBytes: 100_000, deliveryTimeoutMs: 15_000 }
    const producer = await createBatchingProducer({ kafka, ...limits, log: silentLog })
    const value = Buffer.from('x')
    const refusals = forbidden('Write').map((topic) =>
      assert.rejects(producer.send({ topic, key: 'r', value }), /an ACL is missing/, `${who} to ${topic}`),
    )
    await Promise.all(refusals)
    await producer.close()
  }
  await Promise.all(everybody.map(tryAll))
})

test('a password that is changed while the services run is waited for, and read from its file', async () => {
  const { broker, system, userOf, writePassword } = stage
  const logs = async (): Promise<readonly string[]> =>
    Promise.all(services.map((name) => readFile(logFile(broker.folder, name), 'utf8')))
  for (const service of services) await changePassword(broker.admin, userOf(service), 'renewed-password')
  await until(
    'each service says which setting to look at',
    async () => (await logs()).every((text) => text.includes('look at KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD')),
    30_000,
  )
  for (const service of services) await writePassword(service, 'renewed-password')
  for (const service of services) await system.services[service].ready(20_000)
  await system.converse()
  for (const text of await logs()) assert.doesNotMatch(text, /renewed-password|-secret\b|p@ss/)
})

test('each rule is used: the broker has allowed something by it, and by no other', async () => {
  // The state-machine reads states at a start alone; before one that it could not read it would stand still.
  const restarted = stage.system.services['state-machine']
  await restarted.stop()
  await restarted.start()
  await restarted.ready()
  for (const topic of [topics.roomInput, topics.mixCommand, topics.roomState])
    await writeRecord(stage.broker.admin, topic.name)
  const kinds = { topic: 'Topic', group: 'Group', transactionalId: 'TransactionalId', cluster: 'Cluster' }
  const kafkaName = (operation: string): string => operation.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
  /** Lines of the log of StandardAuthorizer say who was allowed what by which rule. */
  const isUsed = (log: string, who: Who, { resource, name, operation }: Permission): boolean =>
    log
      .split('\n')
      .some(
        (line) =>
          line.includes(`User:roomcast-${who} is Allowed operation = ${kafkaName(operation)} `) &&
          line.includes(`on resource = ${kinds[resource]}:LITERAL:${name}`) &&
          line.includes(`operation=${kafkaName(operation)}`),
      )
  const findUnused = async (): Promise<readonly string[]> => {
    const log = await stage.broker.readLog()
    return everybody.flatMap((who) =>
      permissions[who]
        .filter((permission) => !isUsed(log, who, permission))
        .map(({ operation, name }) => `${who}: ${operation} ${name}`),
    )
  }
  let unused = await findUnused()
  // Until each service has given up what nobody can read.
  const looking = { deadlineMs: 30_000, everyMs: 500 }
  await waitUntil(async () => (unused = await findUnused()).length === 0, looking)
  assert.deepEqual(unused, [])
})
