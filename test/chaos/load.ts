import { topics } from '../../schemas/topics.ts'
import type { Codec } from '../../services/shared/codec/codec.ts'
import type { BatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { pause } from '../../services/shared/waiting.ts'
import { withSignal } from '../../services/shared/with-signal.ts'
import type { Planned } from './plan-load.ts'
import type { Event } from './script.ts'

export type Load = {
  /** Inputs that the broker has acknowledged, repeats after a failure counted once. */
  readonly sent: () => number
  /** Sends one more input, until the broker has it. */
  readonly send: (event: Event) => Promise<void>
  /** Begins nothing more; resolves when everything that was begun is acknowledged. */
  readonly stop: () => Promise<void>
}

/** More without an answer than this, and the plan waits. */
const maxUnderWay = 4_000
const againMs = 200
/** A broker that is away longer than this is not coming back. */
const giveUpMs = 120_000
/** Every so many inputs, one that cannot be read, and one in a wrong partition. */
const unreadableEvery = 500

/**
 * Sends what is planned to room.input, each at its moment or, after an outage, as soon as it can be. What the broker did not acknowledge
 * is sent again with the same id, as a caller does.
 */
export const startLoad = ({
  plan,
  codec,
  producer,
  partitions,
  signal,
}: {
  readonly plan: Iterable<Planned>
  /** Prepared for room.input. */
  readonly codec: Codec
  readonly producer: BatchingProducer
  readonly partitions: number
  /** Gives up what is under way. */
  readonly signal: AbortSignal
}): Load => {
  const topic = topics.roomInput
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  let sent = 0

  const insist = async (message: OutgoingMessage): Promise<void> => {
    const endsAt = performance.now() + giveUpMs
    while (!signal.aborted) {
      try {
        await producer.send(message)
        sent += 1
        return
      } catch (error) {
        if (performance.now() > endsAt && !signal.aborted) throw error
        await rest(againMs)
      }
    }
  }

  /** Until the time has passed or nobody waits any more. */
  const rest = (ms: number, ...more: readonly AbortSignal[]): Promise<void> =>
    withSignal({ signals: [signal, ...more] }, (within) => pause(ms, within))

  const begin = (message: OutgoingMessage): Promise<void> => {
    const sending = insist(message).finally(() => underWay.delete(sending))
    underWay.add(sending)
    return sending
  }

  const messageOf = ({ type, record }: Event): OutgoingMessage => ({
    topic: topic.name,
    key: record.roomId,
    value: codec.encode(topic, type, { ...record, occurredAt: Date.now() }),
    headers: { type },
  })

  const spoil = (event: Event): void => {
    const { roomId } = event.record
    void begin({ topic: topic.name, key: roomId, value: Buffer.from('no record') })
    const elsewhere = (partitionFor(roomId, partitions) + 1) % partitions
    void begin({ ...messageOf(event), partition: elsewhere })
  }

  const run = async (): Promise<void> => {
    const startedAt = performance.now()
    let count = 0
    for (const { atMs, event } of plan) {
      const earlyMs = atMs - (performance.now() - startedAt)
      if (earlyMs > 1) await rest(earlyMs, stopping.signal)
      while (underWay.size >= maxUnderWay) await Promise.race(underWay)
      if (stopping.signal.aborted || signal.aborted) return
      void begin(messageOf(event))
      count += 1
      if (count % unreadableEvery === 0) spoil(event)
    }
  }
  const running = run()

  return {
    sent: () => sent,
    send: (event) => begin(messageOf(event)),
    stop: async () => {
      stopping.abort()
      await running
      await Promise.all(underWay)
    },
  }
}
