import { topics } from '../../../schemas/topics.ts'
import type { RecordName } from '../../../schemas/types.generated.ts'

/** Refusals that a person may overrule, by the word that overrules them. */
export const overridable = ['gone-on', 'earlier-left', 'too-late', 'room-ended'] as const
export type Overridable = (typeof overridable)[number]

/**
 * Topics into which others than one task may write. All the rest is written by the state-machine in its transactions, or is said
 * anew by itself.
 */
export const replayableTopics: ReadonlySet<string> = new Set([
  topics.roomInput.name,
  topics.pushComment.name,
  topics.pushLike.name,
])

/** Nothing that somebody asked for: the service that wrote it writes it again, or has no use for an old one. */
export const selfRenewing: ReadonlySet<string> = new Set<RecordName>(['TimerFired', 'ClockRead', 'ProbeSent'])

/** Inputs that change no room, whatever its state: a room has not gone on by them. */
export const withoutEffect: ReadonlySet<string> = new Set<RecordName>([
  'AudienceJoined',
  'AudienceLeft',
  'ClockRead',
  'ProbeSent',
])

/** May come to a room that is not there or has ended, which then answers or is made. */
export const needsNoRoom: ReadonlySet<string> = new Set<RecordName>([
  'LiveCreateRequested',
  'PeerMessage',
  'AudienceJoined',
  'AudienceLeft',
])

/** A comment is talk of its moment. */
const commentMs = 10 * 60_000

/**
 * How long after it happened an event is still what its sender meant, in ms; undefined: as long as its room has not gone on.
 * Whoever was invited waits for INVITE_TTL_MS, whoever creates a live has STREAM_GRACE_MS to push.
 */
export const goodForMs = (
  type: string,
  { inviteTtlMs, graceMs }: { readonly inviteTtlMs: number; readonly graceMs: number },
): number | undefined => {
  switch (type) {
    case 'CohostInviteRequested':
    case 'CohostCancelRequested':
    case 'CohostFeedbackRequested':
      return inviteTtlMs
    case 'LiveCreateRequested':
      return graceMs
    case 'Commented':
      return commentMs
    default:
      return undefined
  }
}
