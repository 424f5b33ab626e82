import type { Decided } from './decisions.ts'
import type { Room } from '../../schemas/types.generated.ts'

/**
 * Reasons for which a message changes nothing now, and will not whenever else it is delivered: what it speaks of is over and has no
 * way to come back, or could only be brought back by a message behind it in the same lane. Delivering such a message
 * commutes with everything else, so that of all orders it is enough to look at the one in which it comes at once.
 */
const ignoredForEver = new Set([
  'duplicate',
  'offered: no such invite',
  'offered: known',
  'declined: no such invite',
  'withdrawn: not noted',
  'busy: decided',
  'joined: decided',
])
/** The same, once the attempt is dead in the room that gets the message: it stays dead. */
const ignoredWhenDead = new Set(['fact: known or late', 'step: known or late', 'gone: of no session of ours'])

/** Whether a delivery changes nothing now and at any later time. */
export const changesNothingEver = ({ ignored, input }: Decided, receiver: Room | null): boolean => {
  if (ignored === undefined || input.type !== 'PeerMessage') return false
  if (ignoredForEver.has(ignored)) return true
  const { sessionId } = input.record
  return ignoredWhenDead.has(ignored) && receiver?.dead.some(({ attemptId }) => attemptId === sessionId) === true
}

/** An answer of the video cloud that comes too late changes nothing, whatever it says and whenever it comes. */
export const isTooLate = ({ ignored }: Decided): boolean => ignored === 'mix answer: an older generation'
