import { topics } from '../../schemas/topics.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { fetchEnds } from './outputs.ts'
import type { Stage } from './stage.ts'

export type Answered = {
  /** The moment of `performance.now()` at which the last first answer was read. */
  readonly at: number
  /** Answers to what had been answered: a mixer that loses a partition for a while carries out again what it had not committed. */
  readonly repeats: number
}

/** The answers to mix commands that are expected on room.input. */
export type MixAnswers = {
  /** The next command of this main stream; they are to be answered in the order of these calls. */
  readonly expect: (roomId: string, commandId: string) => void
  /**
   * Waits until everything expected has been answered. Rejects when a first answer comes out of order or unasked, refuses, or does not
   * come in time.
   */
  readonly all: (deadlineMs: number) => Promise<Answered>
  readonly close: () => Promise<void>
}

const lookEveryMs = 20

/** Follows the answers from now on. */
export const followMixAnswers = async (
  { kafka, codec }: Stage,
  { signal }: { readonly signal: AbortSignal },
): Promise<MixAnswers> => {
  const topic = topics.roomInput.name
  /** Main stream → its commands, in their order, and how many of them are answered. */
  const asked = new Map<string, { readonly commands: string[]; answered: number }>()
  let missing = 0
  let at = 0
  let repeats = 0
  let trouble: string | undefined

  const take = (roomId: string, commandId: string, code: number): void => {
    const room = asked.get(roomId)
    const position = room?.commands.indexOf(commandId) ?? -1
    if (room !== undefined && position >= 0 && position < room.answered) {
      repeats++
    } else if (room === undefined || position !== room.answered) {
      trouble ??= `${commandId} was answered when ${room?.commands[room.answered] ?? 'nothing'} was to be`
    } else {
      if (code !== 200) trouble ??= `${commandId} was answered ${code}`
      room.answered++
      missing--
      at = performance.now()
    }
  }

  const ends = await fetchEnds(kafka, topic)
  const reader = await createReader({
    kafka,
    topic,
    minBytes: 1,
    maxWaitMs: 100,
    maxBytes: 8 * 1024 * 1024,
    onMessages: async ({ messages }) => {
      for (const { value } of messages) {
        if (value === null) continue
        const pending = codec.decode(value)
        const decoded = pending instanceof Promise ? await pending : pending
        if (!decoded.known || decoded.type !== 'MixCommandAnswered') continue
        take(decoded.record.roomId, decoded.record.commandId, decoded.record.code)
      }
    },
    onOutOfRange: () => 'end',
    log: silentLog,
    signal,
  })
  for (const [partition, end] of ends) reader.add(partition, end)

  return {
    expect: (roomId, commandId) => {
      const room = asked.get(roomId)
      if (room === undefined) asked.set(roomId, { commands: [commandId], answered: 0 })
      else room.commands.push(commandId)
      missing++
    },
    all: async (deadlineMs) => {
      const isOver = (): boolean => missing === 0 || trouble !== undefined
      const cameInTime = await waitUntil(isOver, { deadlineMs, everyMs: lookEveryMs, signal })
      if (trouble !== undefined) throw new Error(trouble)
      if (!cameInTime) throw new Error(`${missing} commands were not answered within ${deadlineMs / 1_000} s`)
      return { at, repeats }
    },
    close: () => reader.close(),
  }
}
