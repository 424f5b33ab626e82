import type { Positions } from './wire.ts'

// What clients and edge say to each other besides push messages: one JSON object a line, one or more lines a frame.

/** Where a client left off, to go on after it. */
export type Resume = { readonly epoch: string; readonly positions: Readonly<Record<string, number>> }

export type ClientOp =
  | { readonly op: 'connect'; readonly token: string; readonly windowBytes: number | null }
  | { readonly op: 'subscribe'; readonly room: string; readonly resume: Resume | null }
  | { readonly op: 'unsubscribe'; readonly room: string }
  | { readonly op: 'ack'; readonly bytes: number }
  | { readonly op: 'ping' }

/** A line of a frame: understood, or why not (for the client that sent it; it repeats nothing of the line). */
export type ParsedLine = ({ readonly ok: true } & ClientOp) | { readonly ok: false; readonly why: string }

/** Refusals after which the connection lives. */
export const errorCodes = [400, 403, 404, 429] as const
export type ErrorCode = (typeof errorCodes)[number]

/** Why the edge closes: 4000 to 4499 come back and resume, 4500 to 4999 do not. */
export const closeCodes = {
  draining: 4000,
  tooSlow: 4001,
  silent: 4002,
  notSubscribed: 4003,
  sourceLost: 4004,
  tokenExpired: 4005,
  tokenInvalid: 4500,
  protocolBroken: 4501,
  tooManyConnections: 4503,
} as const
export type CloseReason = keyof typeof closeCodes

export const maxFrameBytes = 16 * 1024
/** Far more than a client that comes back has to say at once: a token, and its rooms. */
export const maxFrameLines = 256
export const minWindowBytes = 4096
/** The first position of a log is 0; -1 is the cursor before it. */
export const firstCursor = -1

export const roomPattern = /^[A-Za-z0-9]{1,64}$/

/**
 * Reads the lines of a text frame of a client; empty lines are passed over, an empty frame is a bad line. Lines beyond
 * `maxFrameLines` are left unread, and one bad line says so: a frame costs no more than that.
 */
export const parseFrame = (frame: string): readonly ParsedLine[] => {
  const lines = frame.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) return [bad('the frame is empty')]
  const parsed = lines.slice(0, maxFrameLines).map(parseLine)
  return lines.length > maxFrameLines ? [...parsed, bad(`at most ${maxFrameLines} lines are read of a frame`)] : parsed
}

const parseLine = (line: string): ParsedLine => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return bad('not JSON: one object a line is expected')
  }
  return isObject(value) ? parseOp(value) : bad('not a JSON object')
}

const parseOp = (frame: Readonly<Record<string, unknown>>): ParsedLine => {
  switch (frame['op']) {
    case 'connect':
      return parseConnect(frame)
    case 'subscribe':
      return parseSubscribe(frame)
    case 'unsubscribe': {
      const { room } = frame
      return isRoom(room) ? { ok: true, op: 'unsubscribe', room } : bad(roomExpected)
    }
    case 'ack': {
      const { bytes } = frame
      return isWhole(bytes, 0) ? { ok: true, op: 'ack', bytes } : bad('bytes: a whole number, 0 or more, is expected')
    }
    case 'ping':
      return { ok: true, op: 'ping' }
    default:
      return bad('op: connect, subscribe, unsubscribe, ack or ping is expected')
  }
}

/** A missing token is not a bad frame: it is a connection without a token, and closed like one. */
const parseConnect = ({ token, window = null }: Readonly<Record<string, unknown>>): ParsedLine =>
  window === null || isWhole(window, minWindowBytes)
    ? { ok: true, op: 'connect', token: typeof token === 'string' ? token : '', windowBytes: window }
    : bad(`window: a whole number, ${minWindowBytes} or more, is expected`)

const parseSubscribe = ({ room, resume = null }: Readonly<Record<string, unknown>>): ParsedLine => {
  if (!isRoom(room)) return bad(roomExpected)
  if (resume === null) return { ok: true, op: 'subscribe', room, resume: null }
  if (!isObject(resume) || typeof resume['epoch'] !== 'string') return bad('resume.epoch: a string is expected')
  const { epoch, positions } = resume
  if (!isObject(positions)) return bad('resume.positions: an object is expected')
  const known: Record<string, number> = {}
  for (const weight of ['4', '5', '8', '9']) {
    const pos = positions[weight]
    if (pos === undefined) continue
    if (!isWhole(pos, firstCursor)) return bad(`resume.positions.${weight}: a position is expected`)
    known[weight] = pos
  }
  return { ok: true, op: 'subscribe', room, resume: { epoch, positions: known } }
}

export const roomExpected = 'room: 1 to 64 letters and digits are expected'
const bad = (why: string): ParsedLine => ({ ok: false, why })
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const isRoom = (value: unknown): value is string => typeof value === 'string' && roomPattern.test(value)
const isWhole = (value: unknown, min: number): value is number => Number.isSafeInteger(value) && Number(value) >= min

export const encodeConnected = (connection: string, pingMs: number): string =>
  JSON.stringify({ op: 'connected', connection, pingMs })

/** `recovered` is left out for a client that did not ask to resume. */
export const encodeSubscribed = (answer: {
  readonly room: string
  readonly epoch: string
  readonly positions: Positions
  readonly recovered?: boolean
}): string => JSON.stringify({ op: 'subscribed', ...answer })

export const encodeUnsubscribed = (room: string): string => JSON.stringify({ op: 'unsubscribed', room })

export const encodePong = (): string => '{"op":"pong"}'

/** That many messages of a weight were left out just here; null: nobody knows how many. */
export const encodeGap = (room: string, weight: number, dropped: number | null): string =>
  JSON.stringify({ op: 'gap', room, weight, ...(dropped === null ? {} : { dropped }) })

export const encodeError = (code: ErrorCode, message: string): string => JSON.stringify({ op: 'error', code, message })

/** Come back after that long: the edge is about to close. */
export const encodeReconnect = (afterMs: number): string => JSON.stringify({ op: 'reconnect', afterMs })
