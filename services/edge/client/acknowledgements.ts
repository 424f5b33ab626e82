import type { CancelTimer, Environment } from './environment.ts'

/** Tells the edge how much of what it sent was dealt with. */
export type Acknowledgements = {
  /** Bytes that have been dealt with. */
  readonly add: (bytes: number) => void
  readonly stop: () => void
}

/** Acknowledged after so much of the window, and so long after bytes that are less. */
const ackShare = 1 / 4
const ackWithinMs = 200

/** `send` gets the bytes of the connection so far. */
export const createAcknowledgements = (
  windowBytes: number,
  { setTimer }: Pick<Environment, 'setTimer'>,
  send: (totalBytes: number) => void,
): Acknowledgements => {
  let total = 0
  let acknowledged = 0
  let cancel: CancelTimer | null = null
  const stop = (): void => {
    cancel?.()
    cancel = null
  }
  const acknowledge = (): void => {
    stop()
    acknowledged = total
    send(total)
  }
  return {
    add: (bytes) => {
      total += bytes
      if (total - acknowledged >= windowBytes * ackShare) acknowledge()
      else cancel ??= setTimer(acknowledge, ackWithinMs)
    },
    stop,
  }
}
