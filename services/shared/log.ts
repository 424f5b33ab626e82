import { pino, type DestinationStream } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A structured log: the message is a constant, what varies goes into the fields. Never a payload, never a secret. */
export type Log = {
  readonly debug: (fields: object, message: string) => void
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
  readonly error: (fields: object, message: string) => void
}

/** Field names whose values never reach a log, at any depth that we log. */
const secretFields = ['rtmpUrl', 'token', 'authorization', 'auth_key', 'password', 'apiKey', 'secret']

/** The log of a service: JSON lines with `service` on each, on stdout unless told otherwise. */
export const createLog = ({
  service,
  level,
  to,
}: {
  service: string
  level: LogLevel
  to?: DestinationStream
}): Log => {
  const options = {
    level,
    base: { service },
    redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  return to === undefined ? pino(options) : pino(options, to)
}

/** A log that says nothing. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
