import { topics } from '../../schemas/topics.ts'
import type { Codec } from '../../services/shared/codec/codec.ts'
import { isFault } from '../../services/shared/fault.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { openTransactionalProducer } from '../../services/shared/kafka/transactional-producer.ts'
import type { Log } from '../../services/shared/log.ts'

const topic = topics.roomState.name

/** A room whose newest state cannot be read. */
export type BadState = {
  readonly partition: number
  readonly offset: number
  readonly room: string
  readonly why: string
  /** The registry has no schema of the id that it begins with: it may be a good one, and the registry a bad one. */
  readonly isSchemaMissing: boolean
  /** Its newest state that can be read; undefined: the log has none. */
  readonly former: { readonly offset: number; readonly value: Buffer } | undefined
}

type Access = {
  readonly kafka: Kafka
  readonly codec: Codec
  readonly log: Log
  readonly signal: AbortSignal
}

type Complaint = Pick<BadState, 'why' | 'isSchemaMissing'>

/** Why a value is no state; undefined: it is one. Rejects when the registry does not answer. */
const complaintOf = async (codec: Codec, value: Buffer): Promise<Complaint | undefined> => {
  try {
    const decoded = await Promise.resolve(value).then(codec.decode)
    return decoded.known ? undefined : { why: `a ${decoded.fullName} is not known here`, isSchemaMissing: false }
  } catch (error) {
    if (!isFault(error, 'RECORD_UNREADABLE')) throw error
    return { why: error.message, isSchemaMissing: isFault(error.cause, 'SCHEMA_NOT_REGISTERED') }
  }
}

const findIn = async (
  partition: number,
  end: number,
  { kafka, codec, signal }: Access,
): Promise<readonly BadState[]> => {
  const formers = new Map<string, NonNullable<BadState['former']>>()
  const bad = new Map<string, BadState>()
  await readPartition({
    kafka,
    topic,
    partition,
    from: 'earliest',
    to: end,
    signal,
    onMessages: async (messages) => {
      for (const { key, value, offset } of messages) {
        if (key === null) continue
        const room = key.toString()
        const complaint = value === null ? undefined : await complaintOf(codec, value)
        if (complaint !== undefined) {
          bad.set(room, { partition, offset, room, ...complaint, former: formers.get(room) })
          continue
        }
        bad.delete(room)
        // A value is a part of the whole answer that it came with.
        if (value === null) formers.delete(room)
        else formers.set(room, { offset, value: Buffer.from(value) })
      }
    },
  })
  return [...bad.values()]
}

/** Every room whose newest state cannot be read: with one of them the state-machine cannot take over its partition. */
export const findBadStates = async (access: Access): Promise<readonly BadState[]> => {
  const bounds = await fetchWatermarks({ kafka: access.kafka, topic, signal: access.signal })
  const found: BadState[] = []
  for (const [partition, { highWatermark }] of bounds) found.push(...(await findIn(partition, highWatermark, access)))
  return found
}

const mendOf = ({ partition, room, former }: BadState): OutgoingMessage => ({
  topic,
  partition,
  key: room,
  value: former?.value ?? null,
  headers: { type: 'Room' },
})

/**
 * Appends, for each bad state of a partition, the room's former state, or a tombstone where there is none. It takes the transactional id
 * of the state-machine's task of that partition first, as an owner does: nobody else can write states between the look and the writing.
 * Resolves with what was mended.
 * @throws Fault PRODUCER_FENCED when a state-machine took the partition over meanwhile: nothing was written
 */
export const mendPartition = async (partition: number, access: Access): Promise<readonly BadState[]> => {
  const { kafka, log, signal } = access
  const producer = await openTransactionalProducer({
    kafka,
    transactionalId: `state-machine-${partition}`,
    signal,
    log,
  })
  try {
    const bounds = await fetchWatermarks({ kafka, topic, partitions: [partition], signal })
    const bad = await findIn(partition, bounds.get(partition)?.highWatermark ?? 0, access)
    if (bad.length > 0) await producer.transact({ messages: bad.map(mendOf), consumed: null })
    return bad
  } finally {
    await producer.close()
  }
}
