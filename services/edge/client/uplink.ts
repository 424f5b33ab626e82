import { afterEnd, type Backoff } from './backoff.ts'
import { openConnection, type Connection, type ConnectionEvents, type ConnectionLimits } from './connection.ts'
import type { CancelTimer, Environment } from './environment.ts'
import { createRenewal } from './renewal.ts'

/** Gets a token for the edge. Called at every attempt to connect, and before a token runs out. */
export type GetToken = () => string | Promise<string>

type Forwarded = 'subscribed' | 'unsubscribed' | 'refused' | 'pushed' | 'gap'
export type UplinkEvents = {
  readonly [E in Forwarded]: (connection: Connection, ...rest: Parameters<ConnectionEvents[E]>) => void
} & {
  /** A connection is there to be asked; while another one still brings messages, `settled` ends that. */
  readonly ready: (connection: Connection, id: string) => void
  /** There is none; `retryInMs` null: and there will be none until `wake`, or for good. */
  readonly lost: (end: { code: number; reason: string; retryInMs: number | null }) => void
  readonly stopped: (code: number, reason: string) => void
  readonly noToken: (error: unknown) => void
}

/** Keeps a connection to the edge. */
export type Uplink = {
  /** Every connection that takes questions, the newest last. */
  readonly connections: () => readonly Connection[]
  /** Connects if there is nothing yet. */
  readonly wake: () => void
  /** Everything has moved to the newest connection. */
  readonly settled: () => void
  /** The network may be back. */
  readonly check: () => void
  readonly stop: () => void
}

/** A connection that lasted so long was a good one: the next failure is the first again. */
const lastingMs = 10_000
/** Of this user or address there are too many connections; while one is replaced there are two. */
const tooManyConnections = 4503

export const createUplink = ({
  url,
  getToken,
  backoff,
  limits,
  environment,
  isWanted,
  events,
}: {
  url: string
  getToken: GetToken
  backoff: Backoff
  limits: ConnectionLimits
  environment: Environment
  /** Whether it is worth coming back. */
  isWanted: () => boolean
  events: UplinkEvents
}): Uplink => {
  const { setTimer, nowMs, random } = environment
  /** The one that brings messages. */
  let active: Connection | null = null
  /** One that is to become it. */
  let next: { readonly connection: Connection; isReady: boolean } | null = null
  let isOpening = false
  let isStopped = false
  let failures = 0
  let readyAt = 0
  let waiting: { readonly cancel: CancelTimer; readonly untilMs: number } | null = null

  const newest = (): Connection | null => (next?.isReady === true ? next.connection : active)

  const retry = (afterMs: number): void => {
    waiting?.cancel()
    const cancel = setTimer(() => {
      waiting = null
      if (isWanted()) open()
    }, afterMs)
    waiting = { cancel, untilMs: nowMs() + afterMs }
  }
  const waitNoMore = (): void => {
    waiting?.cancel()
    waiting = null
  }

  const token = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const cancel = setTimer(() => reject(new Error('there was no token in time')), limits.connectTimeoutMs)
      // In a promise: what getToken throws is a rejection like any other.
      void Promise.resolve().then(getToken).finally(cancel).then(resolve, reject)
    })

  const renewal = createRenewal(environment, {
    getToken: token,
    onToken: (given) => newest()?.ask({ op: 'connect', token: given }),
    onFailure: events.noToken,
  })

  const open = (): void => {
    if (isOpening || next !== null || isStopped) return
    isOpening = true
    token().then(
      (given) => {
        isOpening = false
        if (isStopped) return
        try {
          connect(given)
        } catch (error) {
          // A browser refuses some addresses (ws: in a page of https:); they do not get better by waiting.
          stop()
          events.stopped(0, String(error))
        }
      },
      (error: unknown) => {
        isOpening = false
        if (isStopped) return
        events.noToken(error)
        if (active === null) fail(0, 'no token')
      },
    )
  }

  const connect = (given: string): void => {
    const own: { connection: Connection; isReady: boolean } = {
      connection: openConnection({
        url,
        token: given,
        limits,
        environment,
        events: {
          connected: (id, taken) => {
            renewal.begin(taken)
            if (!own.isReady) becomeReady(own, id)
          },
          subscribed: (...rest) => events.subscribed(own.connection, ...rest),
          unsubscribed: (...rest) => events.unsubscribed(own.connection, ...rest),
          refused: (...rest) => events.refused(own.connection, ...rest),
          pushed: (...rest) => events.pushed(own.connection, ...rest),
          gap: (...rest) => events.gap(own.connection, ...rest),
          reconnect: retry,
          ended: (code, reason) => ended(own, code, reason),
        },
      }),
      isReady: false,
    }
    next = own
  }

  const becomeReady = (own: { connection: Connection; isReady: boolean }, id: string): void => {
    own.isReady = true
    readyAt = nowMs()
    if (active === null) promote()
    events.ready(own.connection, id)
  }
  const promote = (): void => {
    if (next?.isReady !== true) return
    active = next.connection
    next = null
  }

  const ended = (own: { connection: Connection; isReady: boolean }, code: number, reason: string): void => {
    if (own.connection === active) {
      active = null
      promote()
      if (active === null && next === null && !isOpening) fail(code, reason)
      return
    }
    next = null
    const verdict = afterEnd({ code, failures }, backoff, 0)
    if (active !== null && !own.isReady && (verdict.kind === 'retry' || code === tooManyConnections)) {
      failures += 1
      return // the old one still serves; when it ends, the next attempt follows
    }
    // Some rooms may have moved and others not: they all begin again from where they are.
    active?.close()
    active = null
    fail(code, reason)
  }

  const fail = (code: number, reason: string): void => {
    renewal.stop()
    if (readyAt > 0 && nowMs() - readyAt >= lastingMs) failures = 0
    readyAt = 0
    const verdict = afterEnd({ code, failures }, backoff, random())
    failures += 1
    if (verdict.kind === 'stop') {
      stop()
      events.stopped(code, reason)
    } else if (!isWanted()) {
      waitNoMore()
      events.lost({ code, reason, retryInMs: null })
    } else {
      // The edge may have said when to come back.
      if (waiting === null) retry(verdict.afterMs)
      events.lost({ code, reason, retryInMs: waiting === null ? 0 : Math.max(0, waiting.untilMs - nowMs()) })
    }
  }

  const stop = (): void => {
    isStopped = true
    waitNoMore()
    renewal.stop()
    next?.connection.close()
    active?.close()
    next = null
    active = null
  }

  return {
    connections: () => [active, next?.isReady === true ? next.connection : null].filter((one) => one !== null),
    wake: () => {
      if (active === null && waiting === null) open()
    },
    settled: () => {
      if (next?.isReady !== true) return
      active?.close()
      promote()
    },
    check: () => {
      if (waiting !== null && active === null) retry(0)
      active?.check()
    },
    stop,
  }
}
