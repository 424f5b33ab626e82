import type { Weight } from '../../../schemas/events.ts'
import type { Liked } from '../../../schemas/types.generated.ts'

/** A push message, encoded once and shared by every connection that gets it. */
export type Line = {
  readonly room: string
  readonly weight: Weight
  /** Its position in the log of its weight. */
  readonly pos: number
  /** One JSON object in UTF-8, without a newline. */
  readonly bytes: Buffer
  /** Epoch milliseconds. */
  readonly occurredAt: number
  /** The one user it is for; null: everyone in the room. */
  readonly toUid: string | null
  /** Not to be delivered from then on (epoch milliseconds); Infinity: never too late. */
  readonly expiresAt: number
  /** What a like says, so that several can be merged; null for anything else. */
  readonly liked: Liked | null
}

export const isExpired = (line: Line, nowMs: number): boolean => line.expiresAt <= nowMs
