import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import type { Kafka } from './client.ts'
import { joinGroup, type Share } from './membership.ts'
import { createReader, type Fetched, type ReadingLag } from './reader.ts'

/**
 * What a join of the group gave this member. `partitions` = `kept` + `added`. Nobody else has had a kept partition since the
 * last assignment; one that somebody may have had meanwhile, and is ours again, is among the removed and the added ones.
 */
export type Assignment = {
  /** The group's generation; rises with every join. */
  readonly generation: number
  readonly partitions: readonly number[]
  readonly kept: readonly number[]
  readonly added: readonly number[]
  readonly removed: readonly number[]
}

export type GroupConsumer = {
  /** Stops delivery of a partition at once: no `onMessages` of it until `resume`. */
  readonly pause: (partition: number) => void
  /**
   * Starts delivery from the position, within `maxWaitMs`. Ignored for a partition of others.
   * @throws Error when an added partition has had no `seek`: there is no position to guess
   */
  readonly resume: (partition: number) => void
  /** Sets the position: the next message delivered has this offset or a higher one. Ignored for a partition of others. */
  readonly seek: (partition: number, offset: number) => void
  /** Delivers nothing more, leaves the group, disconnects; never hangs, never throws. */
  readonly close: () => Promise<void>
}

/** A partition of ours. */
type Held = { offset: number | null; paused: boolean }

/**
 * Joins a consumer group for one topic and stays in it; resolves at once, `onAssigned` tells of the join. The group says who reads
 * what and nothing else: records come from the groupless reader, and nothing is committed here, for offsets belong to the transactions.
 *
 * `onAssigned` is called synchronously with each join, before any message of the new assignment: added partitions are
 * paused and have no position, kept ones go on where they were, removed ones are silent from then on.
 * `onMessages` is synchronous: it enqueues, and calls `pause` when its queue is full. It is also told where only markers were passed.
 * `onCrash` comes at most once, when the consumer cannot go on: the broker refuses the member, or a position is outside the log
 * (Fault OFFSET_OUT_OF_RANGE: never reset silently). Nothing more is delivered then; `close` remains to be called.
 * A broker that is away is tried again for ever.
 * @param maxWaitMs the longest wait of one fetch at the broker, and so of a `resume`
 */
export const createGroupConsumer = async ({
  kafka,
  groupId,
  topic,
  sessionTimeoutMs = 6000,
  heartbeatIntervalMs = 1000,
  maxWaitMs = 100,
  maxBytes = 4 << 20,
  onAssigned,
  onMessages,
  onCrash,
  lag,
  log,
}: {
  kafka: Kafka
  groupId: string
  topic: string
  sessionTimeoutMs?: number
  heartbeatIntervalMs?: number
  maxWaitMs?: number
  maxBytes?: number
  onAssigned: (assignment: Assignment) => void
  onMessages: (fetched: Fetched) => void
  onCrash: (error: Fault) => void
  /** Is told of what is fetched; that it is processed is for its owner to say, since here it is only enqueued. */
  lag?: Pick<ReadingLag, 'begin' | 'fetched' | 'forget'>
  log: Log
}): Promise<GroupConsumer> => {
  const held = new Map<number, Held>()
  let crashed = false

  const crash = (error: Fault): void => {
    if (crashed) return
    crashed = true
    for (const partition of held.keys()) reader.remove(partition)
    held.clear()
    log.error({ groupId, topic, fault: error.code, cause: error.message }, 'the group consumer cannot go on')
    onCrash(error)
  }

  const reader = await createReader({
    kafka,
    topic,
    maxWaitMs,
    minBytes: 1,
    maxBytes,
    onMessages,
    onOutOfRange: ({ partition, position, earliest, end }) => {
      const where = `${topic}/${partition} has no offset ${position}, only ${earliest} to ${end}`
      crash(new Fault('OFFSET_OUT_OF_RANGE', where))
      return 'stop'
    },
    ...(lag === undefined ? {} : { lag: { ...lag, processed: () => {} } }),
    log,
  })

  const take = ({ generation, partitions, isSequel }: Share): void => {
    if (crashed) return
    const kept = partitions.filter((partition) => isSequel && held.has(partition))
    const removed = [...held.keys()].filter((partition) => !kept.includes(partition))
    const added = partitions.filter((partition) => !kept.includes(partition))
    for (const partition of removed) {
      held.delete(partition)
      reader.remove(partition)
    }
    for (const partition of added) held.set(partition, { offset: null, paused: true })
    onAssigned({ generation, partitions, kept, added, removed })
  }

  const member = joinGroup({
    kafka,
    groupId,
    topic,
    sessionTimeoutMs,
    heartbeatIntervalMs,
    onJoined: take,
    onRefused: crash,
    log,
  })

  return {
    pause: (partition) => {
      const mine = held.get(partition)
      if (mine) mine.paused = true
      reader.pause(partition)
    },
    resume: (partition) => {
      const mine = held.get(partition)
      if (!mine) return
      if (mine.offset === null) throw new Error(`partition ${partition} has no position: seek first`)
      mine.paused = false
      reader.resume(partition)
    },
    seek: (partition, offset) => {
      const mine = held.get(partition)
      if (!mine) return
      mine.offset = offset
      reader.add(partition, offset)
      if (mine.paused) reader.pause(partition)
    },
    close: async () => {
      crashed = true
      await reader.close()
      await member.close()
    },
  }
}
