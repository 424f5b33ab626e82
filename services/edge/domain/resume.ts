import { firstAfter, type Kept, type Ring } from './ring.ts'
import { isExpired, type Line } from './line.ts'
import type { Resume } from './protocol.ts'

/** Where a client left off: the last position that it has of each weight; null: it does not say. */
export type Cursors = { readonly 4: number; readonly 5: number; readonly 8: number | null; readonly 9: number | null }

/** Why a resume is answered like a first subscribe. */
export type NotRecovered = 'epoch' | 'too_old' | 'too_much' | 'beyond' | 'incomplete'

export type Verdict =
  { readonly ok: true; readonly cursors: Cursors } | { readonly ok: false; readonly why: NotRecovered }

/**
 * Whether a client can go on where it left off, as far as the log tells: it must be the same log, which still has what comes
 * after the cursors of 4 and 5, and which is not shorter than they say. Without both of them nothing can be promised.
 */
export const judgeResume = (
  { epoch, positions }: Resume,
  log: { readonly epoch: string; readonly earliest: number; readonly highWatermark: number },
): Verdict => {
  const { 4: first, 5: second, 8: comments = null, 9: likes = null } = positions
  if (epoch !== log.epoch) return { ok: false, why: 'epoch' }
  if (first === undefined || second === undefined) return { ok: false, why: 'incomplete' }
  if (Math.max(first, second) >= log.highWatermark) return { ok: false, why: 'beyond' }
  if (Math.min(first, second) + 1 < log.earliest) return { ok: false, why: 'too_old' }
  return { ok: true, cursors: { 4: first, 5: second, 8: comments, 9: likes } }
}

/** Messages of one room that were read back: all that the log has of it in [start, end). */
export type CaughtUp<T> = { readonly start: number; readonly end: number; readonly messages: readonly T[] }

/**
 * All messages of a room behind an offset, from what was read back and what the ring has; null when some may be missing
 * between the two, or before them.
 */
export const missedBehind = <T extends Kept>(
  room: string,
  offset: number,
  ring: Ring<T>,
  caught: CaughtUp<T> | null,
): readonly T[] | null => {
  const complete = ring.completeFrom(room)
  if (complete <= offset + 1) return ring.after(room, offset)
  if (caught === null || caught.start > offset + 1 || caught.end < complete) return null
  const older = caught.messages.slice(firstAfter(caught.messages, offset))
  return [...older, ...ring.after(room, Math.max(offset, caught.end - 1))]
}

/** The lines that a user has missed, of those that his room got: what is behind his cursor, for him, and not too late. */
export const linesFor = (
  lines: readonly Line[],
  { uid, cursors, nowMs }: { uid: string; cursors: Pick<Cursors, 4 | 5>; nowMs: number },
): readonly Line[] =>
  lines.filter((line) => {
    const cursor = line.weight === 4 ? cursors[4] : cursors[5]
    return (line.pos ?? -1) > cursor && (line.toUid === null || line.toUid === uid) && !isExpired(line, nowMs)
  })

/** The newest messages that take no more than so many bytes together, oldest first; at least one if there is any. */
export const newestWithin = <T extends Kept>(messages: readonly T[], maxBytes: number): readonly T[] => {
  let first = messages.length
  let bytes = 0
  while (first > 0) {
    bytes += messages[first - 1]?.bytes ?? 0
    if (bytes > maxBytes && first < messages.length) break
    first -= 1
  }
  return messages.slice(first)
}
