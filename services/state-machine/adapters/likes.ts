import { topics } from '../../../schemas/topics.ts'
import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import type { IncomingMessage } from '../../shared/kafka/message.ts'
import { createReader, type Fetched, type ReadingLag } from '../../shared/kafka/reader.ts'
import type { Log } from '../../shared/log.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import type { Like } from '../like-totals.ts'
import type { LikeLane } from '../ports.ts'

type Take = Parameters<LikeLane['follow']>[2]

/** Totals are written once a second: likes may wait for each other, and a flood of them costs few fetches. */
const fetching = { minBytes: 256 * 1024, maxWaitMs: 200, maxBytes: 4 * 1024 * 1024 }

/**
 * Reads push.like for the totals of the rooms. A record whose key is not its roomId goes to the dead-letter topic.
 * A position that the topic does not have any more goes on with what is left; what is missing is counted and logged.
 */
export const createLikeLane = async ({
  kafka,
  records,
  lag,
  onLost,
  log,
  signal,
}: {
  kafka: Kafka
  records: RecordReader
  lag: ReadingLag
  /** So many records were gone before they were counted. */
  onLost: (records: number) => void
  log: Log
  signal: AbortSignal
}): Promise<LikeLane & { readonly close: () => Promise<void> }> => {
  const topic = topics.pushLike.name
  const followers = new Map<number, Take>()

  const likeOf = async (
    message: IncomingMessage,
    pending: AnyRecord | undefined | Promise<AnyRecord | undefined>,
  ): Promise<Like | undefined> => toLike(message, await pending)

  const toLike = (message: IncomingMessage, read: AnyRecord | undefined): Like | undefined | Promise<undefined> => {
    if (read?.type !== 'Liked') return undefined
    const { roomId, count } = read.record
    if (message.key?.toString() !== roomId) return records.putAside(message, 'the key is not the roomId')
    if (count < 1) return records.putAside(message, 'count: expected 1 or more')
    return { roomId, count, offset: message.offset }
  }

  const deliver = async ({ partition, messages, position }: Fetched): Promise<void> => {
    const take = followers.get(partition)
    if (take === undefined) return
    const likes: Like[] = []
    for (const message of messages) {
      const read = records.read(message)
      const like = read instanceof Promise ? likeOf(message, read) : toLike(message, read)
      const known = like instanceof Promise ? await like : like
      if (known !== undefined) likes.push(known)
    }
    // Somebody else may follow by now, from a position of his own.
    if (followers.get(partition) === take) take(likes, position)
  }

  const reader = await createReader({
    kafka,
    topic,
    ...fetching,
    onMessages: deliver,
    onOutOfRange: ({ partition, position, earliest, end }) => {
      const missing = Math.max(0, earliest - position)
      onLost(missing)
      log.error({ topic, partition, position, earliest, end, missing }, 'likes are gone before they were counted')
      return position > end ? 'end' : 'earliest'
    },
    lag,
    log,
    signal,
  })

  return {
    follow: (partition, from, take) => {
      followers.set(partition, take)
      reader.add(partition, from)
      return () => {
        if (followers.get(partition) !== take) return
        followers.delete(partition)
        reader.remove(partition)
      }
    },
    close: () => reader.close(),
  }
}
