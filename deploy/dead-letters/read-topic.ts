import { Fault } from '../../services/shared/fault.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import type { IncomingMessage } from '../../services/shared/kafka/message.ts'
import type { Watermarks } from '../../services/shared/kafka/offsets.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import type { Log } from '../../services/shared/log.ts'
import { abortable } from '../../services/shared/waiting.ts'

/** A part of a partition: from an offset up to and without another. */
export type Part = { readonly from: number; readonly to: number }

/** All that is in some partitions. */
export const wholeOf = (bounds: ReadonlyMap<number, Watermarks>): ReadonlyMap<number, Part> =>
  new Map(
    [...bounds].map(([partition, { earliest, highWatermark }]) => [partition, { from: earliest, to: highWatermark }]),
  )

/** Told now and then how far a long reading is. */
export type Progress = (topic: string, read: number, of: number) => void

/** About what one answer of a broker may have, and so what is in memory at a time. */
const maxBytes = 4 << 20
/** Without anything new for so long the broker is taken to be away. */
const stallMs = 30_000
const watchEveryMs = 1_000

/**
 * Reads parts of a topic's partitions, committed records only; each partition in the order of its log. Resolves when all parts are read.
 * What is read is passed on and not kept.
 * @throws Fault BROKER_UNREACHABLE when nothing comes for 30 s, OFFSET_OUT_OF_RANGE when the log was cut meanwhile; the signal's
 *   reason; what `take` threw
 */
export const readTopic = async ({
  kafka,
  topic,
  parts,
  take,
  progress,
  log,
  signal,
}: {
  readonly kafka: Kafka
  readonly topic: string
  readonly parts: ReadonlyMap<number, Part>
  readonly take: (message: IncomingMessage) => void | Promise<void>
  readonly progress: Progress
  readonly log: Log
  readonly signal: AbortSignal
}): Promise<void> => {
  const open = new Map([...parts].filter(([, { from, to }]) => from < to))
  if (open.size === 0) return
  const total = [...open.values()].reduce((sum, { from, to }) => sum + to - from, 0)
  const positions = new Map([...open].map(([partition, { from }]) => [partition, from]))
  const done = Promise.withResolvers<void>()
  let lastAt = performance.now()

  const takePart = async (partition: number, messages: readonly IncomingMessage[], position: number): Promise<void> => {
    const part = open.get(partition)
    if (part === undefined) return
    for (const message of messages) {
      signal.throwIfAborted()
      if (message.offset >= part.to) break
      await take(message)
      lastAt = performance.now()
    }
    positions.set(partition, Math.min(position, part.to))
    lastAt = performance.now()
    const left = [...open].reduce((sum, [one, { from, to }]) => sum + to - (positions.get(one) ?? from), 0)
    progress(topic, total - left, total)
    if (position >= part.to) reader.remove(partition)
    if (left === 0) done.resolve()
  }

  const reader = await createReader({
    kafka,
    topic,
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes,
    onMessages: ({ partition, messages, position }) =>
      // The reader would come again with what was not taken; here the first failure is the end.
      takePart(partition, messages, position).catch((error: unknown) => done.reject(error)),
    onOutOfRange: ({ partition, position }) => {
      done.reject(
        new Fault('OFFSET_OUT_OF_RANGE', `${topic}/${partition} has no offset ${position} any more: try again`),
      )
      return 'stop'
    },
    log,
    signal,
  })
  const watch = setInterval(() => {
    if (performance.now() - lastAt > stallMs)
      done.reject(new Fault('BROKER_UNREACHABLE', `nothing more of ${topic} came for ${stallMs / 1_000} s`))
  }, watchEveryMs)
  try {
    for (const [partition, { from }] of open) reader.add(partition, from)
    await abortable(done.promise, signal)
  } finally {
    clearInterval(watch)
    await reader.close()
  }
}
