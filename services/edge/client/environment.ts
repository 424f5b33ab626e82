/** What the client uses of a WebSocket; that of browsers, that of Node.js 22 and that of the package `ws` have it. */
export type Socket = {
  readonly readyState: number
  send(data: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: SocketEventName, listener: (event: SocketEvent) => void): void
}
export type SocketEventName = 'open' | 'message' | 'close' | 'error'
export type SocketEvent = {
  readonly type: string
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
}
export type SocketConstructor = new (url: string) => Socket

/** What the client needs of its surroundings. */
export type Environment = {
  readonly openSocket: (url: string) => Socket
  /** Runs something later, once; gives back what prevents it. */
  readonly setTimer: (run: () => void, afterMs: number) => CancelTimer
  /** Epoch milliseconds. */
  readonly nowMs: () => number
  /** 0 up to, not including, 1. */
  readonly random: () => number
  /** Calls when the network is there again; gives back what ends that. Only browsers know. */
  readonly onOnline: (run: () => void) => () => void
}
export type CancelTimer = () => void

/** The state of a socket through which something can be sent. */
export const openState = 1

/** Timers hold no more than this, and run at once beyond. */
const maxTimerMs = 2 ** 31 - 1

/** The surroundings as they are, save for what is given. Throws where there is no WebSocket and none was given. */
export const readEnvironment = (
  given: Partial<Environment>,
  constructor: SocketConstructor | undefined,
): Environment => {
  const Constructor = constructor ?? ('WebSocket' in globalThis ? globalThis.WebSocket : undefined)
  if (Constructor === undefined && given.openSocket === undefined) throw new Error('there is no WebSocket: give one')
  return {
    openSocket: (url) => {
      if (Constructor === undefined) throw new Error('there is no WebSocket')
      return new Constructor(url)
    },
    setTimer: (run, afterMs) => {
      const timer = setTimeout(run, Math.min(Math.max(0, afterMs), maxTimerMs))
      return () => clearTimeout(timer)
    },
    nowMs: () => Date.now(),
    random: () => Math.random(),
    onOnline: (run) => {
      const target: unknown = globalThis
      if (!isOnlineTarget(target)) return () => {}
      target.addEventListener('online', run)
      return () => target.removeEventListener('online', run)
    },
    ...given,
  }
}

type OnlineTarget = {
  addEventListener(type: 'online', run: () => void): void
  removeEventListener(type: 'online', run: () => void): void
}
const isOnlineTarget = (value: unknown): value is OnlineTarget =>
  typeof value === 'object' && value !== null && 'addEventListener' in value && 'removeEventListener' in value
