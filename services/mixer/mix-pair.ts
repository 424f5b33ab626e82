import { z } from 'zod'

/** What is mixed into what, and how; as it stands in commands, in callbacks and in the journal. */
const mixPair = z
  .object({ roomId: z.string(), mixRoomId: z.string(), mixType: z.string(), mixTemplate: z.string() })
  .readonly()
export type MixPair = z.infer<typeof mixPair>

/** The journal of what runs. */
export const mixPairs = z.array(mixPair).readonly()

export const isSameMix = (one: MixPair, other: MixPair): boolean =>
  one.roomId === other.roomId &&
  one.mixRoomId === other.mixRoomId &&
  one.mixType === other.mixType &&
  one.mixTemplate === other.mixTemplate
