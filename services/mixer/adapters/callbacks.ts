import type { Log } from '../../shared/log.ts'
import { abortable, pause } from '../../shared/waiting.ts'
import { withSignal } from '../../shared/with-signal.ts'
import { requestOf, retryDelayMs } from '../domain/callback.ts'
import type { CallbackPlace, CallbackRequest, CloudCallback } from '../domain/callback.ts'
import type { Callbacks } from '../ports.ts'
import { createCallbackAttempt } from './callbacks-attempt.ts'

export type CallbacksOptions = CallbackPlace & {
  /** Where the callbacks go, for example http://127.0.0.1:8080. */
  readonly ingestUrl: string
  /** Signs the callbacks; undefined: they are not signed. */
  readonly callbackKey: string | undefined
  /** When a callback that is not answered 200 is given up. */
  readonly giveUp: { readonly afterAttempts: number } | { readonly afterMs: number }
  /** Callbacks that wait or are under way; the newest is refused when there are more. */
  readonly maxOpen?: number
  readonly log: Log
}

type Item = { readonly callback: CloudCallback; readonly request: CallbackRequest; readonly signal: AbortSignal }

/** Attempts under way at the same time; a callback between two attempts takes no place. */
const maxRunning = 64
/** How long `close` takes at most. */
const closeMs = 4_000

/**
 * Calls ingest back as the video cloud does: HTTP GET, signed afresh at each attempt, again with back-off until the answer is 200.
 * Callbacks of one room go out one after the other in the order of `send`; other rooms do not wait for them. `time` in the query
 * is when `send` was called, and never goes back; what a mix says again gets a second of its own.
 */
export const createCallbacks = (options: CallbacksOptions): Callbacks => {
  const { log, giveUp, maxOpen = 10_000 } = options
  const attempt = createCallbackAttempt(options)
  const inTurn = createGate(maxRunning)
  const closing = new AbortController()
  const closed = new AbortController()
  // Room → the end of its newest callback.
  const newest = new Map<string, Promise<boolean>>()
  // Rooms with a callback that failed while we were closing: what waits behind it is not tried, which keeps the order.
  const failed = new Set<string>()
  let open = 0
  let isFull = false
  const dated = createDating((callback, atMs) => requestOf(callback, options, atMs))

  const isGivenUp = (attempts: number, sinceMs: number): boolean =>
    'afterAttempts' in giveUp ? attempts >= giveUp.afterAttempts : performance.now() - sinceMs >= giveUp.afterMs

  const deliver = async ({ callback, request, signal }: Item): Promise<boolean> => {
    const { kind, roomId } = callback
    const sinceMs = performance.now()
    for (let attempts = 1; !signal.aborted && !failed.has(roomId); attempts++) {
      const isLast = closing.signal.aborted
      const trouble = await inTurn(() =>
        withSignal({ signals: [signal, closed.signal] }, (within) => attempt(request, within)),
      )
      if (trouble === undefined) return true
      if (isLast || isGivenUp(attempts, sinceMs)) {
        if (isLast) failed.add(roomId)
        log.warn({ callback: kind, roomId, attempts, trouble }, 'gave a callback up')
        break
      }
      log.debug({ callback: kind, roomId, attempts, trouble }, 'a callback was not taken: trying again')
      await withSignal({ signals: [signal, closing.signal] }, (within) => pause(retryDelayMs(attempts), within))
    }
    return false
  }

  /** Waits for the room's earlier callback. */
  const deliverAfter = async (earlier: Promise<boolean> | undefined, item: Item): Promise<boolean> => {
    await earlier
    return deliver(item)
  }

  const isTakingMore = (): boolean => {
    if (closed.signal.aborted) return false
    if (open >= maxOpen && !isFull) log.warn({ open }, 'too many callbacks wait: new ones are refused')
    isFull = open >= maxOpen
    return !isFull
  }

  const enqueue = (callback: CloudCallback, signal: AbortSignal): Promise<boolean> => {
    if (!isTakingMore()) return Promise.resolve(false)
    open++
    const { roomId } = callback
    const request = dated(callback)
    const sent = deliverAfter(newest.get(roomId), { callback, request, signal }).finally(() => {
      open--
      if (newest.get(roomId) === sent) newest.delete(roomId)
    })
    newest.set(roomId, sent)
    return sent
  }

  const sendUntilAborted = async (callback: CloudCallback, signal: AbortSignal): Promise<boolean> => {
    signal.throwIfAborted()
    return abortable(enqueue(callback, signal), signal)
  }

  return {
    send: (callback, signal) =>
      signal === undefined ? enqueue(callback, new AbortController().signal) : sendUntilAborted(callback, signal),
    close: async () => {
      closing.abort()
      const deadline = setTimeout(() => closed.abort(), closeMs)
      while (newest.size > 0) await Promise.all(newest.values())
      clearTimeout(deadline)
      closed.abort()
    },
  }
}

const secondMs = 1_000

/**
 * Dates callbacks: now, and never before the one before. A mix that says the same a second time within a second says it of the next one,
 * because ingest takes the same words of the same second for a repeat. A stream's are never taken for one.
 */
const createDating = (requestAt: (callback: CloudCallback, atMs: number) => CallbackRequest) => {
  let newestMs = 0
  // What mixes have said of the second of `newestMs`.
  const said = new Set<string>()
  const advanceTo = (ms: number): void => {
    if (Math.floor(ms / secondMs) > Math.floor(newestMs / secondMs)) said.clear()
    newestMs = Math.max(newestMs, ms)
  }
  return (callback: CloudCallback): CallbackRequest => {
    advanceTo(Date.now())
    if (callback.kind !== 'stream') {
      const words = JSON.stringify(callback)
      if (said.has(words)) advanceTo(newestMs + secondMs)
      said.add(words)
    }
    return requestAt(callback, newestMs)
  }
}

/** Runs so much work at the same time, the rest in the order in which it came. */
const createGate = (limit: number) => {
  const waiting: (() => void)[] = []
  let running = 0
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= limit) await new Promise<void>((resolve) => void waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      // The place goes to the next one, or is free.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
