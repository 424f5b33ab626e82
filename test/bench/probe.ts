import { topics } from '../../schemas/topics.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { appendAll, create, createInputWriter, mintRooms, stream } from './inputs.ts'
import { fetchEnds } from './outputs.ts'
import type { Passage } from './passages.ts'
import { sendAtRate } from './send-at-rate.ts'
import type { Stage } from './stage.ts'
import { epochNow } from './usage-sampler.ts'

/** Inputs at a steady rate over many rooms, each of which changes its room and pushes one message; and the messages. */
export type Probe = {
  readonly rooms: readonly string[]
  /** Begins to send; the returned function ends it and resolves when all is acknowledged. */
  readonly start: (rate: number) => () => Promise<void>
  /** Waits until everything that was sent has come out at the other end. Rejects after the deadline, naming how much is missing. */
  readonly settle: (deadlineMs: number) => Promise<void>
  /** The inputs that were appended in [from, to). */
  readonly between: (from: number, to: number) => readonly Passage[]
  readonly close: () => Promise<void>
}

type Out = { readonly pushAppendedAt: number; readonly arrivedAt: number }

const maxWaitMs = 100

/** Creates the rooms, which a state-machine need not have taken yet. */
export const openProbe = async (
  { kafka, codec, producer }: Stage,
  { rooms: roomCount, signal }: { readonly rooms: number; readonly signal: AbortSignal },
): Promise<Probe> => {
  const write = createInputWriter(codec)
  const rooms = mintRooms(roomCount)
  /** By partition and offset of the input. */
  const sent = new Map<string, { readonly partition: number; readonly appendedAt: number }>()
  const came = new Map<string, Out>()
  let sends = 0

  const topic = topics.pushSignal.name
  const ends = await fetchEnds(kafka, topic)
  const reader = await createReader({
    kafka,
    topic,
    minBytes: 1,
    maxWaitMs,
    maxBytes: 4 * 1024 * 1024,
    onMessages: async ({ partition, messages }) => {
      const arrivedAt = epochNow()
      for (const { value, timestamp } of messages) {
        if (value === null) continue
        const pending = codec.decode(value)
        const decoded = pending instanceof Promise ? await pending : pending
        if (!decoded.known || (decoded.type !== 'StreamPublished' && decoded.type !== 'StreamInterrupted')) continue
        came.set(`${partition}/${decoded.record.inputPos}`, { pushAppendedAt: timestamp, arrivedAt })
      }
    },
    onOutOfRange: () => 'end',
    log: silentLog,
    signal,
  })
  for (const [partition, end] of ends) reader.add(partition, end)
  await appendAll(
    producer,
    rooms.map((roomId) => create(write, roomId)),
    signal,
  )

  const sendOne = async (): Promise<void> => {
    const nth = sends++
    const roomId = rooms[nth % rooms.length] ?? ''
    const isEven = Math.floor(nth / rooms.length) % 2 === 0
    const { partition, offset, appendedAt } = await producer.send(
      stream(write, roomId, isEven ? 'publish' : 'publish_done'),
    )
    sent.set(`${partition}/${offset}`, { partition, appendedAt: appendedAt ?? 0 })
  }

  return {
    rooms,
    start: (rate) => {
      const controller = new AbortController()
      const running = sendAtRate({ rate, send: sendOne, signal: AbortSignal.any([signal, controller.signal]) })
      running.catch(() => {}) // whoever stops it hears of it
      return () => {
        controller.abort()
        return running
      }
    },
    settle: async (deadlineMs) => {
      const isComplete = (): boolean => came.size >= sent.size
      if (await waitUntil(isComplete, { deadlineMs, signal })) return
      throw new Error(`of ${sent.size} inputs ${sent.size - came.size} pushed nothing within ${deadlineMs / 1_000} s`)
    },
    between: (from, to) =>
      [...sent]
        .filter(([, { appendedAt }]) => appendedAt >= from && appendedAt < to)
        .map(([place, input]) => {
          const out = came.get(place)
          return { ...input, pushAppendedAt: out?.pushAppendedAt, arrivedAt: out?.arrivedAt }
        }),
    close: () => reader.close(),
  }
}
