import type { Weight } from '../../../schemas/events.ts'

/**
 * Why a message is not given to a connection: as many comments as may wait for it do (`queue_full`), or fewer may, since memory is short
 * (`memory_full`); it has missed more of them than may wait (`too_many`); an invite has come too late (`expired`).
 */
export const dropReasons = ['queue_full', 'memory_full', 'too_many', 'expired'] as const
export type DropReason = (typeof dropReasons)[number]

/** Which weight a reason is about: invites are of weight 4, and of the others only comments are left out. */
export const droppedWeight = (reason: DropReason): Weight => (reason === 'expired' ? 4 : 8)

/** Why a connection is told of a gap: comments that were dropped, or messages that it has missed so long ago that nobody can tell (`too_old`). */
export const gapReasons = ['queue_full', 'memory_full', 'too_many', 'too_old'] as const
export type GapReason = (typeof gapReasons)[number]

/** Why a message of weight 9 is not given by itself: it is in the count of a newer like, or a newer number takes its place. */
export const mergeReasons = ['counted', 'replaced'] as const
export type MergeReason = (typeof mergeReasons)[number]

/**
 * Hears of messages at the moment at which it is clear that they do not go out as they are, once for each connection. With those that
 * were sent and those that wait, they are all that came.
 */
export type Losses = {
  readonly dropped: (reason: DropReason, messages: number) => void
  readonly merged: (reason: MergeReason, messages: number) => void
}
