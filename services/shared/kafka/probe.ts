import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'

/** Every probe may have the same one: to initialise a producer fences the earlier one, which has ended by then. */
const transactionalId = 'roomcast-readiness'

/** A pattern that matches no topic: the group is joined, and there is nothing to consume. */
const noTopic = /^(?!)/

const attemptMs = 5000
const pauseMs = 50

/**
 * Resolves when a broker does what roomcast needs of it: a group can be joined, and a transactional producer gets its id.
 * An open port is not enough, for up to a second more both coordinators answer with retriable errors.
 * Throws the fault BROKER_UNREACHABLE after `deadlineMs`, and the signal's reason when it is aborted.
 */
export const probeBroker = async ({
  brokers,
  deadlineMs,
  log,
  signal,
}: {
  readonly brokers: readonly string[]
  readonly deadlineMs: number
  readonly log: Log
  readonly signal?: AbortSignal
}): Promise<void> => {
  const endsAt = performance.now() + deadlineMs
  const kafka = new Kafka({
    clientId: 'roomcast-readiness',
    brokers: [...brokers],
    connectionTimeout: 1000,
    requestTimeout: attemptMs,
    retry: { retries: 1, initialRetryTime: 20 },
    // Failed attempts are what a probe is for: they are details, whatever kafkajs calls them.
    logLevel: logLevel.ERROR,
    logCreator: () => (entry) => log.debug({ namespace: entry.namespace }, entry.log.message),
  })
  const attempts: ReadonlyArray<(kafka: Kafka) => Promise<void>> = [initialiseProducer, joinGroup]
  for (const attempt of attempts) {
    for (;;) {
      signal?.throwIfAborted()
      try {
        await attempt(kafka)
        break
      } catch (error) {
        if (performance.now() >= endsAt) {
          throw new Fault('BROKER_UNREACHABLE', `no working broker at ${brokers.join(',')} within ${deadlineMs} ms`, {
            cause: error,
            retriable: true,
          })
        }
      }
      await sleep(pauseMs, undefined, { signal })
    }
  }
}

/** kafkajs asks for the producer id (InitProducerId, KIP-98) when a transactional producer connects. */
const initialiseProducer = async (kafka: Kafka): Promise<void> => {
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
  try {
    await producer.connect()
  } finally {
    await producer.disconnect()
  }
}

const joinGroup = async (kafka: Kafka): Promise<void> => {
  const groupId = `roomcast-readiness-${randomUUID()}`
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: 6000,
    // Without partitions kafkajs waits so long between looks, and leaving waits for it.
    maxWaitTimeInMs: 20,
    retry: { retries: 1, initialRetryTime: 20, restartOnFailure: () => Promise.resolve(false) },
  })
  const giveUp = new AbortController()
  const joined = Promise.race([
    new Promise<void>((resolve, reject) => {
      consumer.on('consumer.group_join', () => resolve())
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
    }),
    sleep(attemptMs, undefined, { signal: giveUp.signal }).then(() => {
      throw new Error(`joined no group within ${attemptMs} ms`)
    }),
  ])
  joined.catch(() => undefined)
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [noTopic] })
    await consumer.run({ eachBatch: () => Promise.resolve() })
    await joined
  } finally {
    giveUp.abort()
    await consumer.disconnect()
  }
  const admin = kafka.admin()
  try {
    await admin.connect()
    await admin.deleteGroups([groupId])
  } finally {
    await admin.disconnect()
  }
}
