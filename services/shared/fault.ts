/** What can go wrong outside the domain. The code is for programs, the message for people. */
export type FaultCode =
  | 'CONFIG_INVALID'
  | 'BROKER_UNREACHABLE'
  | 'BROKER_REFUSED'
  | 'PRODUCER_FENCED'
  | 'BUFFER_FULL'
  | 'OFFSET_OUT_OF_RANGE'
  | 'REGISTRY_UNREACHABLE'
  | 'SCHEMA_NOT_REGISTERED'
  | 'SCHEMA_INCOMPATIBLE'
  | 'RECORD_INVALID'
  | 'RECORD_UNREADABLE'
  | 'DEADLINE_PASSED'
  | 'MIX_REFUSED'
  | 'CLOUD_UNREACHABLE'
  | 'STALLED'

/**
 * A fault: something we could not do. What the domain refuses is a return value, not a fault.
 * `retriable` is set by whoever knows; the loop that retries reads it and nothing else.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly retriable: boolean

  constructor(code: FaultCode, message: string, options: { cause?: unknown; retriable?: boolean } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.retriable = options.retriable ?? false
  }
}

/** True for a fault of that code. */
export const isFault = (error: unknown, code: FaultCode): error is Fault =>
  error instanceof Fault && error.code === code
