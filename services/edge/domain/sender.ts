import { joinObjects } from './frames.ts'
import { isSignal, type Line } from './line.ts'
import { messageOf, type Gap, type Outgoing } from './outbox.ts'
import type { Recipient } from './recipient.ts'

/** What sending tells, for those who count. */
export type SenderPorts = {
  /** A message went to so many sockets at `nowMs` (epoch milliseconds). */
  readonly sent: (line: Line, connections: number, nowMs: number) => void
  readonly sentBytes: (bytes: number, to: { readonly way: 'fast' | 'own'; readonly connections: number }) => void
  /** A connection was told that something was left out. */
  readonly leftOut: (gap: Gap) => void
}

/** Sends on one connection, and keeps count of what is on its way there. */
export type Sender = {
  /** A frame of answers, which belongs to no weight. */
  readonly answer: (to: Recipient, frame: Uint8Array, kind: { readonly hasSignal: boolean }) => void
  /** Objects in one frame; `frame` when it has been made already. */
  readonly send: (to: Recipient, objects: readonly Outgoing[], nowMs: number, frame?: Uint8Array) => void
  /** One message alone. */
  readonly sendLine: (to: Recipient, line: Line, nowMs: number) => void
  /** Asks how far the client has read. */
  readonly mark: (to: Recipient) => void
}

const alone = { way: 'own', connections: 1 } as const

export const createSender = (ports: SenderPorts): Sender => {
  const write = (
    to: Recipient,
    frame: Uint8Array,
    objects: readonly Outgoing[],
    kind: { readonly bulkBytes: number; readonly hasSignal: boolean },
  ): void => {
    if (to.isClosed) return
    const result = to.link.send(frame, objects)
    to.flow.sentDirect(frame.length, kind)
    ports.sentBytes(frame.length, alone)
    if (result === 'sent') return
    to.isBlocked = true
    // Order can be promised no more. The socket keeps far more than ever waits in it.
    if (result === 'dropped') to.link.close('tooSlow')
  }

  const send: Sender['send'] = (to, objects, nowMs, frame = joinObjects(objects.map(({ bytes }) => bytes))) => {
    let bulkBytes = 0
    let hasSignal = false
    for (const object of objects) {
      if (object.kind === 'message' && isSignal(object.line)) hasSignal = true
      else bulkBytes += object.bytes.length + 1
    }
    write(to, frame, objects, { bulkBytes, hasSignal })
    for (const object of objects) {
      if (object.kind === 'message') ports.sent(object.line, 1, nowMs)
      else ports.leftOut(object.gap)
    }
  }

  return {
    answer: (to, frame, { hasSignal }) => write(to, frame, [], { bulkBytes: 0, hasSignal }),
    send,
    sendLine: (to, line, nowMs) => send(to, [messageOf(line)], nowMs),
    mark: (to) => {
      if (!to.isClosed) to.link.ping(String(to.flow.mark()))
    },
  }
}
