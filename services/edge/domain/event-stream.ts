import type { Weight } from '../../../schemas/events.ts'
import type { Positions } from './wire.ts'

// How the objects of the protocol look in a stream of server-sent events (WHATWG HTML, section 9.2): each is one event with
// one `data:` line; the `id:` of an event is the point after which a client goes on that has seen it.

/** Where a client of one room left off: the epoch of the log, and the last position by weight. */
export type ResumePoint = { readonly epoch: string; readonly positions: Positions }

/** Positions first, since nobody says which characters an epoch is made of; only a line break would end the field. */
export const encodeResumePoint = ({ epoch, positions }: ResumePoint): string =>
  `${positions[4]}.${positions[5]}.${positions[8]}.${positions[9]}.${epoch}`

/** Undefined when the text is none. */
export const parseResumePoint = (text: string): ResumePoint | undefined => {
  const [, four, five, eight, nine, epoch] = resumePointPattern.exec(text) ?? []
  if (epoch === undefined) return undefined
  const positions = { 4: Number(four), 5: Number(five), 8: Number(eight), 9: Number(nine) }
  return Object.values(positions).every(isPosition) ? { epoch, positions } : undefined
}

const position = String.raw`(-1|0|[1-9]\d{0,15})\.`
/** How the `id:` of an event looks. */
export const resumePointPattern = new RegExp(String.raw`^${position.repeat(4)}([\x21-\x7e]{1,256})$`)
const isPosition = (value: number): boolean => Number.isSafeInteger(value)

/** The point after a message at `pos`; one at or before the point does not move it (a message that is sent again). */
export const moved = (point: ResumePoint, weight: Weight, pos: number): ResumePoint =>
  pos <= point.positions[weight] ? point : { ...point, positions: { ...point.positions, [weight]: pos } }

/**
 * One event.
 * @param id null: the client's point stays as it is
 * @param retryMs how long a browser waits before it comes back after the end of the stream; absent: as before
 */
export const encodeEvent = (object: string, id: string | null, retryMs?: number): string =>
  `${id === null ? '' : `id: ${id}\n`}${retryMs === undefined ? '' : `retry: ${retryMs}\n`}data: ${object}\n\n`

/** A comment: says that the stream lives, and nothing else. */
export const keepAlive = ':\n\n'

/** Bytes of weights 8 and 9 that a client of a stream may have before it is known to read. */
export const streamWindowBytes = 64 * 1024
const streamBytesPerSecond = 32 * 1024

/**
 * What counts as read after `elapsedMs` more: a stream has no acknowledgements, so its client is taken to read at an even,
 * modest pace. A client that is slower fills what lies between; the library ends it when it takes nothing at all.
 */
export const readBy = (
  readBytes: number,
  { sentBytes, elapsedMs }: { readonly sentBytes: number; readonly elapsedMs: number },
): number => Math.min(sentBytes, readBytes + Math.floor((elapsedMs * streamBytesPerSecond) / 1_000))
