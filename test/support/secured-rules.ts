import type { Permission } from '../../deploy/kafka/acl-table.ts'
import { Fault } from '../../services/shared/fault.ts'
import { createTopics } from '../../services/shared/kafka/admin.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import { joinGroup } from '../../services/shared/kafka/membership.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { fetchTopics } from '../../services/shared/kafka/topics.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import { silentLog, type Log } from '../../services/shared/log.ts'

const deadlineMs = 15_000
const log = silentLog
/** What `explainError` adds to a refusal of the authorizer. */
const missingRule = 'an ACL is missing'

/** Appends a record that nobody can read to the first partition of a topic. */
export const writeRecord = async (kafka: Kafka, topic: string, deliveryTimeoutMs = deadlineMs): Promise<void> => {
  const limits = { maxBufferedMessages: 10, maxBufferedBytes: 10_000, deliveryTimeoutMs }
  const producer = await createBatchingProducer({ kafka, ...limits, log })
  try {
    await producer.send({ topic, partition: 0, key: 'r', value: Buffer.from('no record of ours') })
  } finally {
    await producer.close()
  }
}

/** Reads the first record of the first partition, in which there has to be one. */
export const readRecord = async (kafka: Kafka, topic: string): Promise<void> => {
  const bounds = (await fetchWatermarks({ kafka, topic, partitions: [0], deadlineMs })).get(0)
  const to = (bounds?.earliest ?? 0) + 1
  await readPartition({ kafka, topic, partition: 0, from: 'earliest', to, deadlineMs, onMessages: () => {} })
}

/** What goes on for ever where a rule is missing, as it may be given yet, says so in its log: it is ended then with what it said. */
const untilRefused = async (attempt: (log: Log, signal: AbortSignal) => Promise<unknown>): Promise<void> => {
  const refused = new AbortController()
  const tell = (fields: object): void => {
    if ('cause' in fields && String(fields.cause).includes(missingRule))
      refused.abort(new Fault('BROKER_REFUSED', String(fields.cause)))
  }
  const log = { ...silentLog, info: tell, warn: tell }
  await attempt(log, AbortSignal.any([refused.signal, AbortSignal.timeout(deadlineMs)]))
}

const join = (kafka: Kafka, groupId: string, topic: string): Promise<void> =>
  untilRefused(async (log, signal) => {
    const outcome = Promise.withResolvers<unknown>()
    signal.addEventListener('abort', () => outcome.reject(signal.reason), { once: true })
    const member = joinGroup({
      kafka,
      groupId,
      topic,
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 1_000,
      onJoined: outcome.resolve,
      onRefused: outcome.reject,
      log,
    })
    try {
      await outcome.promise
    } finally {
      await member.close()
    }
  })

const transact = (kafka: Kafka, { pattern, name }: Permission): Promise<void> =>
  untilRefused(async (log, signal) => {
    const transactionalId = pattern === 'prefixed' ? `${name}0` : name
    await (await openTransactionalProducer({ kafka, transactionalId, signal, log })).close()
  })

/** Does what a permission is for, by the modules that the services use. */
const use = (kafka: Kafka, permission: Permission, topic: string): Promise<unknown> => {
  const { resource, operation, name } = permission
  if (resource === 'group') return join(kafka, name, topic)
  if (resource === 'transactionalId') return transact(kafka, permission)
  switch (operation) {
    case 'Read':
      return readRecord(kafka, name)
    case 'Write':
      // A topic that may not be described, either, is asked for until the deadline.
      return writeRecord(kafka, name, 2_000)
    case 'DescribeConfigs':
      return fetchTopics({ kafka, names: [name], deadlineMs })
    case 'Create':
    case 'Describe':
      return createTopics({ kafka, topics: [{ name, partitions: 2, replication: 1, config: {} }], deadlineMs })
  }
}

/**
 * Whether the brokers refuse what a permission is for, or let it be done; `unclear`: neither was seen in time.
 * @param topic that members of a group read
 */
export const askFor = async (
  kafka: Kafka,
  permission: Permission,
  topic: string,
): Promise<'done' | 'refused' | 'unclear'> => {
  try {
    await use(kafka, permission, topic)
    return 'done'
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return error.message.includes(missingRule) ? 'refused' : 'unclear'
  }
}
