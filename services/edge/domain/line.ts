import type { Weight } from '../../../schemas/events.ts'
import type { Liked } from '../../../schemas/types.generated.ts'

/** A push message, encoded once and shared by every connection that gets it. */
export type Line = {
  readonly room: string
  readonly weight: Weight
  /** Its position in the log of its weight; null for what was never in a log. */
  readonly pos: number | null
  /** One JSON object in UTF-8, without a newline; made when it is first asked for. */
  readonly bytes: Buffer
  /** Epoch milliseconds. */
  readonly occurredAt: number
  /** The one user it is for; null: everyone in the room. */
  readonly toUid: string | null
  /** Not to be delivered from then on (epoch milliseconds); Infinity: never too late. */
  readonly expiresAt: number
  /** What a like says, so that several can be merged; null for anything else. A line of weight 9 without it replaces an older one. */
  readonly liked: Liked | null
}

/** Weights 4 and 5 may never be dropped; 8 and 9 are bulk. */
export const isSignal = ({ weight }: Line): boolean => weight <= 5

export const isExpired = (line: Line, nowMs: number): boolean => line.expiresAt <= nowMs

/** How many likes a line stands for. */
export const likesOf = ({ liked }: Line): number => liked?.count ?? 0
