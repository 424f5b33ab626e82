import type { Weight } from '../../../schemas/events.ts'
import { encodeEvent, encodeResumePoint, keepAlive, moved, type ResumePoint } from '../domain/event-stream.ts'
import type { Outgoing } from '../domain/outbox.ts'
import type { CloseReason } from '../domain/protocol.ts'
import type { Link } from '../domain/recipient.ts'
import type { ResponseStream } from '../stream.ts'

const headers = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would collect the answer otherwise
  'X-Accel-Buffering': 'no',
}

/** Of an object that the edge made: what is looked at here. */
type Told = {
  readonly op?: string
  readonly epoch?: string
  readonly positions?: ResumePoint['positions']
  readonly weight?: Weight
  readonly pos?: number
  readonly afterMs?: number
}

/** A client's link made of server-sent events: each object is one event, with its `id` where it moves the resume point. */
export type StreamLink = Link & {
  /** The kernel has taken what it did not take before. */
  readonly drained: () => void
  /** False: something is known to wait for the kernel. */
  readonly isTaken: () => boolean
  /** Whether an object was sent: from then on it can be ended, no longer refused. */
  readonly hasBegun: () => boolean
}

/**
 * @param moreHeaders beside those of any stream
 * @param onAlive hears that the kernel took a sign of life, the only trace that a client leaves which says nothing
 * @param onClose ends or refuses it
 */
export const createStreamLink = ({
  response,
  moreHeaders,
  onAlive,
  onClose,
}: {
  response: ResponseStream
  moreHeaders: Readonly<Record<string, string>>
  onAlive: () => void
  onClose: (reason: CloseReason) => void
}): StreamLink => {
  let point: ResumePoint | null = null
  let hasBegun = false
  let isTaken = true

  const write = (text: string): 'sent' | 'buffered' => {
    const result = response.write(text)
    if (result === 'buffered') isTaken = false
    return result
  }

  const move = (object: string, weight: Weight, pos: number): string => {
    if (point === null) return encodeEvent(object, null)
    point = moved(point, weight, pos)
    return encodeEvent(object, encodeResumePoint(point))
  }

  /** An answer: it is known by its text alone. */
  const eventOf = (object: string): string => {
    const { op, epoch, positions, weight, pos, afterMs } = JSON.parse(object) as Told
    if (weight !== undefined && pos !== undefined) return move(object, weight, pos)
    if (op !== 'subscribed' || epoch === undefined || positions === undefined) {
      return encodeEvent(object, null, op === 'reconnect' ? afterMs : undefined)
    }
    point = { epoch, positions }
    return encodeEvent(object, encodeResumePoint(point))
  }

  const eventOfMessage = (out: Outgoing): string => {
    const object = out.bytes.toString('utf8')
    return out.kind === 'message' && out.line.pos !== null
      ? move(object, out.line.weight, out.line.pos)
      : encodeEvent(object, null)
  }

  return {
    send: (frame, objects) => {
      if (!hasBegun) response.begin({ ...headers, ...moreHeaders })
      hasBegun = true
      const events =
        objects.length > 0
          ? objects.map(eventOfMessage)
          : Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString('utf8').split('\n').map(eventOf)
      return write(events.join(''))
    },
    ping: () => {
      if (hasBegun && isTaken && write(keepAlive) === 'sent') onAlive()
    },
    // It is always on the slow way.
    subscribe: () => {},
    unsubscribe: () => {},
    close: onClose,
    drained: () => {
      isTaken = true
    },
    isTaken: () => isTaken,
    hasBegun: () => hasBegun,
  }
}
