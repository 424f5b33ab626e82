import { setTimeout as sleep } from 'node:timers/promises'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { createProgress } from './domain/progress.ts'
import { createTurns } from './domain/turns.ts'

/** Works through the messages of one partition. */
export type Worker = {
  /** Takes messages in offset order. */
  readonly add: (messages: readonly IncomingMessage[]) => void
  /** How many messages wait or are being worked on. */
  readonly open: () => number
  /** Begins nothing more, and resolves when what had begun is finished and committed, or after `deadlineMs`. */
  readonly drain: (deadlineMs: number) => Promise<void>
  /** Interrupts everything. Whatever was not committed will be read again by the next owner of the partition. */
  readonly stop: () => void
}

export type WorkerOptions = {
  /** How many messages are worked on at the same time. */
  readonly maxRunning: number
  /** Resolves when the message is dealt with for good; rejects when the signal aborts or it cannot be done. */
  readonly handle: (message: IncomingMessage, signal: AbortSignal) => Promise<void>
  /** Commits a position: everything below it is finished. Called one at a time, with growing positions. */
  readonly commit: (position: number) => Promise<void>
  /** A message has been finished: there may be room for more. */
  readonly onFinished: () => void
  /** `handle` or `commit` failed: the worker has stopped. Called at most once, and not after `stop`. */
  readonly onFailed: (error: unknown) => void
}

/**
 * Messages of one key are handled one after the other, those of different keys side by side, so that a slow command holds up
 * only its own main stream. The position is committed behind the lowest unfinished message.
 */
export const createWorker = ({ maxRunning, handle, commit, onFinished, onFailed }: WorkerOptions): Worker => {
  const turns = createTurns<IncomingMessage>({ maxRunning })
  const progress = createProgress()
  const controller = new AbortController()
  const { signal } = controller
  let isDraining = false
  let committed = -1
  let committing: Promise<void> | undefined
  let wake = (): void => {}

  const fail = (error: unknown): void => {
    if (signal.aborted) return
    controller.abort()
    wake()
    onFailed(error)
  }

  const commitAll = async (): Promise<void> => {
    for (;;) {
      const position = progress.position()
      if (signal.aborted || position === undefined || position <= committed) return
      await commit(position)
      committed = position
    }
  }

  const requestCommit = (): void => {
    committing ??= commitAll()
      .catch(fail)
      .finally(() => {
        committing = undefined
        // A message may have finished after the last look at the position.
        if (!signal.aborted && (progress.position() ?? -1) > committed) requestCommit()
        wake()
      })
  }

  const work = async (key: string, message: IncomingMessage): Promise<void> => {
    try {
      await handle(message, signal)
    } catch (error) {
      fail(error)
      return
    }
    progress.finish(message.offset)
    turns.end(key)
    requestCommit()
    onFinished()
    pump()
  }

  const pump = (): void => {
    while (!signal.aborted && !isDraining) {
      const turn = turns.take()
      if (turn === undefined) return
      void work(turn.key, turn.item) // never rejects: it reports to onFailed
    }
  }

  return {
    add: (messages) => {
      for (const message of messages) {
        progress.begin(message.offset)
        turns.add(message.key?.toString('utf8') ?? '', message)
      }
      pump()
    },
    open: progress.open,
    drain: async (deadlineMs) => {
      isDraining = true
      const deadline = new AbortController()
      const expired = sleep(deadlineMs, undefined, { signal: deadline.signal }).catch(() => undefined)
      const idle = async (): Promise<void> => {
        while (!deadline.signal.aborted && !signal.aborted && (turns.running() > 0 || committing !== undefined)) {
          await new Promise<void>((resolve) => (wake = resolve))
        }
      }
      await Promise.race([idle(), expired])
      deadline.abort()
      wake()
    },
    stop: () => {
      controller.abort()
      wake()
    },
  }
}
