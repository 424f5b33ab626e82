import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test, type TestContext } from 'node:test'
import { isFault, type Fault } from '../../services/shared/fault.ts'
import { createBatchingProducer, type BatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { createGroupConsumer, type Assignment, type GroupConsumer } from '../../services/shared/kafka/group-consumer.ts'
import { fetchCommittedOffset } from '../../services/shared/kafka/offsets.ts'
import { silentLog } from '../../services/shared/log.ts'
import { api, startKafkaProxy, type KafkaProxy } from '../support/kafka-proxy.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'

let broker: TestKafka
let producer: BatchingProducer

before(async () => {
  broker = await startKafka()
  producer = await createBatchingProducer({
    kafka: broker.kafka,
    maxBufferedMessages: 10_000,
    maxBufferedBytes: 1 << 24,
    deliveryTimeoutMs: 10_000,
    log: silentLog,
  })
})

after(async () => {
  await producer.close()
  await broker.stop()
})

/** A member that notes what happens to it. */
type Member = {
  readonly consumer: GroupConsumer
  readonly assignments: readonly Assignment[]
  readonly current: () => readonly number[]
  readonly texts: (partition: number) => readonly string[]
  readonly crashes: readonly Fault[]
}

/** `start`: what to do with an added partition; seek to 0 and resume unless told otherwise. */
const join = async (
  t: TestContext,
  { topic, groupId }: { topic: string; groupId: string },
  {
    brokers = broker.brokers,
    start = (consumer, partition) => {
      consumer.seek(partition, 0)
      consumer.resume(partition)
    },
    onAssigned = () => {},
  }: {
    brokers?: readonly string[]
    start?: (consumer: GroupConsumer, partition: number) => void
    onAssigned?: (assignment: Assignment) => void
  } = {},
): Promise<Member> => {
  const assignments: Assignment[] = []
  const read = new Map<number, string[]>()
  const crashes: Fault[] = []
  const consumer: GroupConsumer = await createGroupConsumer({
    kafka: createKafka({ brokers, clientId: 'test', log: silentLog }),
    groupId,
    topic,
    heartbeatIntervalMs: 200,
    maxWaitMs: 50,
    onAssigned: (assignment) => {
      assignments.push(assignment)
      onAssigned(assignment)
      for (const partition of assignment.added) start(consumer, partition)
    },
    onMessages: ({ partition, messages }) => {
      read.set(partition, [...(read.get(partition) ?? []), ...messages.map(({ value }) => String(value))])
    },
    onCrash: (error) => crashes.push(error),
    log: silentLog,
  })
  t.after(() => consumer.close())
  return {
    consumer,
    assignments,
    current: () => assignments.at(-1)?.partitions ?? [],
    texts: (partition) => read.get(partition) ?? [],
    crashes,
  }
}

const openProxy = async (t: TestContext): Promise<KafkaProxy> => {
  const proxy = await startKafkaProxy(broker.brokers)
  t.after(() => proxy.close())
  return proxy
}

const createGroup = async (partitions: number): Promise<{ topic: string; groupId: string }> => ({
  topic: await broker.createTopic({ partitions }),
  groupId: `test.${randomUUID()}`,
})

const append = async (topic: string, partition: number, ...texts: readonly string[]): Promise<void> => {
  await Promise.all(texts.map((text) => producer.send({ topic, key: null, partition, value: Buffer.from(text) })))
}

test('the only member gets every partition, and its messages once it has sought and resumed, not before', async (t) => {
  const group = await createGroup(2)
  await append(group.topic, 0, 'a', 'b', 'c')
  await append(group.topic, 1, 'd')
  const member = await join(t, group, { start: () => {} })
  await until('it has joined', () => member.assignments.length === 1)
  assert.deepEqual(member.assignments, [{ generation: 1, partitions: [0, 1], kept: [], added: [0, 1], removed: [] }])
  assert.throws(() => member.consumer.resume(0), /seek first/)
  member.consumer.seek(0, 1)
  member.consumer.seek(1, 0)
  member.consumer.resume(1)
  await until('the resumed partition is read', () => member.texts(1).length === 1)
  assert.deepEqual(member.texts(0), [])
  member.consumer.resume(0)
  await until('the other partition is read, too', () => member.texts(0).length === 2)
  assert.deepEqual(member.texts(0), ['b', 'c'])
})

test('pause stops delivery, seek moves the position, also of a partition that is paused', async (t) => {
  const group = await createGroup(2)
  const { consumer, texts } = await join(t, group)
  await append(group.topic, 0, 'a', 'b')
  await until('both are read', () => texts(0).length === 2)
  consumer.pause(0)
  await append(group.topic, 0, 'c')
  await append(group.topic, 1, 'x')
  await until('the other partition is read', () => texts(1).length === 1)
  consumer.seek(0, 1)
  await append(group.topic, 1, 'y')
  await until('the other partition is read', () => texts(1).length === 2)
  assert.deepEqual(texts(0), ['a', 'b'])
  consumer.resume(0)
  await until('it goes on from there', () => texts(0).length === 4)
  assert.deepEqual(texts(0), ['a', 'b', 'b', 'c'])
  consumer.resume(17)
  consumer.seek(17, 0)
})

test('when members come and go, as few partitions move as can be, and kept ones are read on without a gap', async (t) => {
  const group = await createGroup(4)
  const appended = [0, 0, 0, 0]
  let stopping = false
  /** Writes all the time, so that every rebalance falls between messages. */
  const writing = (async () => {
    while (!stopping) {
      for (const partition of [0, 1, 2, 3]) {
        await append(group.topic, partition, `${appended[partition]}`)
        appended[partition] = (appended[partition] ?? 0) + 1
      }
    }
  })()

  const first = await join(t, group)
  await until('the first has all', () => first.current().length === 4)
  const second = await join(t, group)
  await until('they share', () => first.current().length === 2 && second.current().length === 2)
  const shared = first.assignments.at(-1)
  assert.deepEqual(shared?.kept, [0, 1])
  assert.deepEqual(shared?.removed, [2, 3])
  assert.deepEqual(second.assignments.at(-1)?.added, [2, 3])
  assert.ok((shared?.generation ?? 0) > (first.assignments[0]?.generation ?? 0))

  const silent = first.texts(3).length
  const keptBefore = first.texts(0).length
  await until('both read on', () => first.texts(0).length > keptBefore + 20 && second.texts(3).length > 20)
  assert.equal(first.texts(3).length, silent)

  await second.consumer.close()
  await until('the first has all again', () => first.current().length === 4)
  assert.deepEqual(first.assignments.at(-1)?.kept, [0, 1])
  const before = first.texts(2).length
  await until('it reads the others again', () => first.texts(2).length > before)
  stopping = true
  await writing
  await until('all is read', () => [0, 1].every((partition) => first.texts(partition).length === appended[partition]))
  for (const partition of [0, 1]) {
    assert.deepEqual(
      first.texts(partition),
      Array.from({ length: appended[partition] ?? 0 }, (_, i) => `${i}`),
    )
  }
  assert.deepEqual([...first.crashes, ...second.crashes], [])
})

test('after a member has died, its partitions are given to the others at the end of its session', async (t) => {
  const group = await createGroup(2)
  const proxy = await openProxy(t)
  const dying = await join(t, group, { brokers: proxy.brokers })
  const other = await join(t, group)
  await until('they share', () => dying.current().length === 1 && other.current().length === 1)
  const generation = dying.assignments.at(-1)?.generation
  await proxy.goAway()
  await until('the other one has all', () => other.current().length === 2, 20_000)
  const toldBefore = dying.assignments.length
  await proxy.comeBack()
  // The dying one still believes in what it had until it is told.
  const isTold = (): boolean => dying.assignments.length > toldBefore && dying.current().length === 1
  await until('they share again', () => isTold() && other.current().length === 1)
  assert.ok((dying.assignments.at(-1)?.generation ?? 0) > (generation ?? 0))
  assert.equal(other.assignments.at(-1)?.kept.length, 1)
  // The other one has had it meanwhile: it is a new partition, although the member has never been told that it was gone.
  const { kept, removed, added } = dying.assignments[toldBefore] ?? {}
  assert.deepEqual(kept, [])
  assert.equal(removed?.length, 1)
  assert.equal(added?.length, 1)
  assert.deepEqual([...dying.crashes, ...other.crashes], [])
})

test('a broken connection costs neither the membership nor a message', async (t) => {
  const group = await createGroup(1)
  const proxy = await openProxy(t)
  const { assignments, texts, crashes } = await join(t, group, { brokers: proxy.brokers })
  await append(group.topic, 0, 'a')
  await until('it is read', () => texts(0).length === 1)
  let beats = 0
  proxy.onAnswer = (key) => {
    if (key !== api.heartbeat) return 'pass'
    beats += 1
    return beats <= 2 ? 'cut' : 'pass'
  }
  await until('heartbeats are answered again', () => beats > 3)
  await append(group.topic, 0, 'b')
  await until('it is read', () => texts(0).length === 2)
  assert.deepEqual(texts(0), ['a', 'b'])
  assert.equal(assignments.length, 1)
  assert.deepEqual(crashes, [])
})

test('a member may be there before its broker', async (t) => {
  const group = await createGroup(1)
  const proxy = await openProxy(t)
  await proxy.goAway()
  const { texts, crashes } = await join(t, group, { brokers: proxy.brokers })
  await append(group.topic, 0, 'a')
  await proxy.comeBack()
  await until('it is read', () => texts(0).length === 1)
  assert.deepEqual(crashes, [])
})

test('a position outside of the log is a crash, and neither reset nor committed', async (t) => {
  const group = await createGroup(2)
  await append(group.topic, 0, 'a')
  await append(group.topic, 1, 'b')
  const member = await join(t, group, {
    start: (consumer, partition) => {
      consumer.seek(partition, partition === 0 ? 99 : 0)
      consumer.resume(partition)
    },
  })
  await until('it has crashed', () => member.crashes.length > 0)
  assert.ok(member.crashes.length === 1 && isFault(member.crashes[0], 'OFFSET_OUT_OF_RANGE'))
  const read = member.texts(1).length
  await append(group.topic, 1, 'c')
  await member.consumer.close()
  assert.equal(member.texts(1).length, read)
  for (const partition of [0, 1]) {
    assert.equal(await fetchCommittedOffset({ kafka: broker.kafka, ...group, partition }), null)
  }
})

test('a member that the broker refuses is told so once', async (t) => {
  const topic = await broker.createTopic()
  const crashes: Fault[] = []
  const consumer = await createGroupConsumer({
    kafka: broker.kafka,
    groupId: `test.${randomUUID()}`,
    topic,
    sessionTimeoutMs: 1, // below what brokers allow
    onAssigned: () => {},
    onMessages: () => {},
    onCrash: (error) => crashes.push(error),
    log: silentLog,
  })
  t.after(() => consumer.close())
  await until('it is refused', () => crashes.length > 0)
  assert.ok(isFault(crashes[0], 'BROKER_REFUSED'))
})

test('closing leaves the group at once, also while it waits in a join', async (t) => {
  const group = await createGroup(2)
  const first = await join(t, group)
  await until('it has joined', () => first.current().length === 2)
  const proxy = await openProxy(t)
  const joining = await join(t, group, { brokers: proxy.brokers })
  proxy.onAnswer = () => 'hold'
  await joining.consumer.close()
  await first.consumer.close()
  const next = await join(t, group)
  // Sooner than the session of one that had not left would end.
  await until('the next one has all', () => next.current().length === 2, 20_000)
})
