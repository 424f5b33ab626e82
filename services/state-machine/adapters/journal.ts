import { randomUUID } from 'node:crypto'
import { topics, type Topic } from '../../../schemas/topics.ts'
import type { Room } from '../../../schemas/types.generated.ts'
import type { Codec } from '../../shared/codec/codec.ts'
import { Fault } from '../../shared/fault.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import type { IncomingMessage, OutgoingMessage } from '../../shared/kafka/message.ts'
import { fetchCommittedOffset, fetchWatermarks } from '../../shared/kafka/offsets.ts'
import { readPartition } from '../../shared/kafka/reader.ts'
import { openTransactionalProducer } from '../../shared/kafka/transactional-producer.ts'
import type { Log } from '../../shared/log.ts'
import { recordHeaders } from '../../shared/tracing/tracing.ts'
import type { Output } from '../domain/decide.ts'
import type { Commit, Journal } from '../ports.ts'

const inputTopic = topics.roomInput.name
const likesTopic = topics.pushLike.name

/** No room id has this character: the key cannot be a room's. */
const creationKey = '@created'

const topicOf = (type: Output['type']): Topic => {
  switch (type) {
    case 'StartMix':
    case 'StopMix':
      return topics.mixCommand
    case 'RequestDecided':
      return topics.requestOutcome
    default:
      return topics.pushSignal
  }
}

/**
 * Opens the journal of one partition: a producer that fences every older one, and only then the committed states and positions,
 * so that nothing of a former owner can still change what was read.
 * @throws Fault of the broker or the registry (retriable ones are worth another try); the signal's reason
 */
export const openJournal = async ({
  kafka,
  codec,
  partition,
  groupId,
  signal,
  log,
}: {
  kafka: Kafka
  codec: Codec
  partition: number
  groupId: string
  signal: AbortSignal
  log: Log
}): Promise<Journal> => {
  const producer = await openTransactionalProducer({
    kafka,
    transactionalId: `state-machine-${partition}`,
    transactionTimeoutMs: 10_000,
    // Readers of what is committed wait for an open transaction: it is given up, and ended by the next opening, long before the broker would.
    commitDeadlineMs: 3_000,
    signal,
    log,
  })
  /** Where to go on: without a committed offset nothing was ever consumed, and all of the log is new. */
  const findNext = async (topic: string): Promise<number> => {
    const [committed, watermarks] = await Promise.all([
      fetchCommittedOffset({ kafka, groupId, topic, partition, signal }),
      fetchWatermarks({ kafka, topic, partitions: [partition], signal }),
    ])
    return committed ?? watermarks.get(partition)?.earliest ?? 0
  }
  try {
    const [{ rooms, isCreated, records }, next, likesNext] = await Promise.all([
      restore({ kafka, codec, partition, signal }),
      findNext(inputTopic),
      findNext(likesTopic),
    ])
    if (!isCreated) {
      await producer.transact({ messages: [creationRecord(codec, partition)], consumed: null })
    }
    let committedLikes = likesNext
    return {
      restored: { rooms, next, likesNext, records },
      commit: async (commit) => {
        const likes = commit.likesNext
        const offsets = [
          { topic: inputTopic, partition, next: commit.next },
          ...(likes === committedLikes ? [] : [{ topic: likesTopic, partition, next: likes }]),
        ]
        await producer.transact({ messages: messagesOf(codec, partition, commit), consumed: { groupId, offsets } })
        committedLikes = likes
      },
      close: () => producer.close(),
    }
  } catch (error) {
    await producer.close()
    throw error
  }
}

const messagesOf = (
  codec: Codec,
  partition: number,
  { outputs, traceparents, rooms }: Commit,
): readonly OutgoingMessage[] => {
  const written = outputs.map((output): OutgoingMessage => {
    const { type, record } = output
    const topic = topicOf(type)
    const headers = recordHeaders(type, traceparents.get(output))
    return {
      topic: topic.name,
      partition,
      key: record.roomId,
      value: codec.encode(topic, type, record),
      headers: type === 'RequestDecided' ? { ...headers, eventId: record.requestId } : headers,
    }
  })
  const states = [...rooms].map(([roomId, room]): OutgoingMessage => {
    const value = room === null ? null : codec.encode(topics.roomState, 'Room', room)
    return { topic: topics.roomState.name, partition, key: roomId, value, headers: { type: 'Room' } }
  })
  return [...written, ...states]
}

const creationRecord = (codec: Codec, partition: number): OutgoingMessage => ({
  topic: topics.roomState.name,
  partition,
  key: creationKey,
  value: codec.encode(topics.roomState, 'PartitionCreated', {
    eventId: randomUUID(),
    roomId: '',
    occurredAt: Date.now(),
    creationId: randomUUID(),
  }),
  headers: { type: 'PartitionCreated' },
})

const restore = async ({
  kafka,
  codec,
  partition,
  signal,
}: {
  kafka: Kafka
  codec: Codec
  partition: number
  signal: AbortSignal
}): Promise<{ readonly rooms: Map<string, Room>; readonly isCreated: boolean; readonly records: number }> => {
  const topic = topics.roomState.name
  const end =
    (await fetchWatermarks({ kafka, topic, partitions: [partition], signal })).get(partition)?.highWatermark ?? 0
  // Only the newest state of a room is decoded: until the log is compacted it holds many of each. Copied, because a value is a
  // part of the whole answer that it came with.
  const newest = new Map<string, Buffer>()
  let records = 0
  const onMessages = (messages: readonly IncomingMessage[]): void => {
    records += messages.length
    for (const { key, value } of messages) {
      if (key === null) continue
      if (value === null) newest.delete(key.toString())
      else newest.set(key.toString(), Buffer.from(value))
    }
  }
  await readPartition({ kafka, topic, partition, from: 'earliest', to: end, onMessages, signal })
  const rooms = new Map<string, Room>()
  let isCreated = false
  for (const [key, value] of newest) {
    const pending = codec.decode(value)
    const decoded = pending instanceof Promise ? await pending : pending
    // Our own states: one that cannot be read must stop the task, since a room would be lost without a word.
    if (!decoded.known) {
      throw new Fault('RECORD_UNREADABLE', `room.state holds a record of unknown type ${decoded.fullName}`)
    }
    if (decoded.type === 'Room') rooms.set(key, decoded.record)
    else if (decoded.type === 'PartitionCreated') isCreated = true
  }
  return { rooms, isCreated, records }
}
