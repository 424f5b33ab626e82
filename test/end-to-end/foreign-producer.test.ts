// deadline: 300 s
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { root } from '../../deploy/local/services.ts'
import { topics } from '../../schemas/topics.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { fetchPartitionCount, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import * as push from '../support/push-patterns.ts'
import { preparePython, runPython } from '../support/python.ts'
import { ok, openScene } from '../support/scene.ts'
import { startTestSystem } from '../support/system.ts'
import type { TestSystem } from '../support/system.ts'

const folder = join(root, 'test/contract/python')
let system: TestSystem

before(async () => {
  system = await startTestSystem({ base: process.env })
})
after(() => system?.stop())

/** In which partitions of the comments a room has records, and how many there. */
const recordsByPartition = async (room: string): Promise<ReadonlyMap<number, number>> => {
  const kafka = createKafka({ brokers: system.environment.brokers, clientId: 'roomcast-test', log: silentLog })
  const found = new Map<number, number>()
  for (const [partition, { highWatermark }] of await fetchWatermarks({ kafka, topic: topics.pushComment.name })) {
    await readPartition({
      kafka,
      topic: topics.pushComment.name,
      partition,
      from: 'earliest',
      to: highWatermark,
      deadlineMs: 20_000,
      onMessages: (messages) => {
        const own = messages.filter(({ key }) => key?.toString('utf8') === room).length
        if (own > 0) found.set(partition, (found.get(partition) ?? 0) + own)
      },
    })
  }
  return found
}

test('a comment that Python’s confluent-kafka wrote reaches a client, by the partition that ingest uses', async (t) => {
  const python = await preparePython(join(folder, 'requirements.txt'))
  if ('missing' in python) {
    t.skip(python.missing)
    return
  }
  const scene = openScene(t, system)
  const alice = await scene.broadcaster('Alice')
  await scene.viewer('Carol', alice)

  scene.expectIn([alice], push.commented('u7', 'Pythia', 'hello from Python 🐍'))
  const printed = await runPython(python.path, join(folder, 'produce_comment.py'), {
    brokers: system.environment.brokers.join(','),
    registry: system.environment.registryUrl,
    room: alice.roomId,
    uid: 'u7',
    name: 'Pythia',
    comment: 'hello from Python 🐍',
  })
  await scene.settled()

  scene.expectIn([alice], push.commented(alice.uid, 'Alice', 'hello from ingest'))
  ok(await system.app.comment({ roomId: alice.roomId, uid: alice.uid, comment: 'hello from ingest' }))
  await scene.settled()

  const kafka = createKafka({ brokers: system.environment.brokers, clientId: 'roomcast-test', log: silentLog })
  const count = await fetchPartitionCount({ kafka, topic: topics.pushComment.name })
  const partition = partitionFor(alice.roomId, count)
  assert.equal(partitionOf(JSON.parse(printed)), partition)
  assert.deepEqual([...(await recordsByPartition(alice.roomId))], [[partition, 2]])
  await scene.end()
})

const partitionOf = (printed: unknown): unknown =>
  typeof printed === 'object' && printed !== null && 'partition' in printed ? printed.partition : undefined
