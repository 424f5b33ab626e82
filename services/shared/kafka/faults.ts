import { Fault } from '../fault.ts'
import { explainError } from './advice.ts'

/** What kafkajs' errors carry (`kafkajs/src/errors.js`); a subclass is told by its name. */
type KafkajsError = Error & { readonly type?: string; readonly retriable?: boolean; readonly errors?: readonly Error[] }

const fencedTypes = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'TRANSACTION_COORDINATOR_FENCED'])

/** Errors of the way to a broker, not of an answer. Some of them kafkajs itself calls not retriable. */
const unreachableNames = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
])

/** kafkajs wraps an error once per retry loop that it passed, and the errors of topics together; inside is what happened. */
const innermost = (error: unknown): unknown => {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return error
  const { cause, errors }: KafkajsError = error
  const inner = errors?.[0] ?? cause
  return inner instanceof Error ? innermost(inner) : error
}

/** The error type of an answer (`UNKNOWN_MEMBER_ID`), when the error is one; undefined otherwise. */
export const protocolErrorType = (error: unknown): string | undefined => {
  const inner: Partial<KafkajsError> | null = innermost(
    error instanceof Fault ? error.cause : error,
  ) as KafkajsError | null
  return inner?.type
}

/** True for a Fault and for what kafkajs throws; everything else is a bug. */
export const isBrokerError = (error: unknown): boolean =>
  error instanceof Fault || (error instanceof Error && error.name.startsWith('KafkaJS'))

/** Any error of this folder's work as a Fault; a Fault stays what it is. */
export const toFault = (error: unknown): Fault => {
  if (error instanceof Fault) return error
  const inner = innermost(error)
  if (!(inner instanceof Error)) return new Fault('BROKER_UNREACHABLE', String(inner), { retriable: true })
  if (inner instanceof Fault) return inner
  const { name, type, retriable }: KafkajsError = inner
  const message = explainError(inner)
  if (fencedTypes.has(type ?? '')) return new Fault('PRODUCER_FENCED', message, { cause: inner })
  if (unreachableNames.has(name)) return new Fault('BROKER_UNREACHABLE', message, { cause: inner, retriable: true })
  // A connection that a login was begun on and not ended; kafkajs makes another one.
  if (type === 'ILLEGAL_SASL_STATE') return new Fault('BROKER_REFUSED', message, { cause: inner, retriable: true })
  // kafkajs gives this name also to a login that an outage has cut short. A password may be being replaced: whoever waits has a deadline.
  if (name === 'KafkaJSSASLAuthenticationError') {
    return new Fault('BROKER_REFUSED', message, { cause: inner, retriable: true })
  }
  if (type !== undefined) return new Fault('BROKER_REFUSED', message, { cause: inner, retriable: retriable === true })
  if (name === 'KafkaJSError') return new Fault('BROKER_UNREACHABLE', message, { cause: inner, retriable: true })
  return new Fault('BROKER_REFUSED', message, { cause: inner })
}
