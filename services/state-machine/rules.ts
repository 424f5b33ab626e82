import { createHash, hash } from 'node:crypto'
import { createMediaAddresses, type MediaSettings } from '../shared/media.ts'
import type { Rules } from './domain/decide.ts'

/**
 * 66 bits of an id's digest: 11 characters instead of the 36 and more of an id, which were more than half of a room's state. Among
 * the 32 ids that a room remembers a new one has a chance of 2^-61 to be taken for one of them. States hold it: it never changes.
 */
const fingerprint = (eventId: string): string => hash('sha1', eventId, 'base64').slice(0, 11)

/** The rules of the domain with their constants; what an operator may set comes in. Durations in ms. */
export const createRules = ({
  media,
  graceMs,
  inviteTtlMs,
  mixTimeoutMs,
}: {
  media: MediaSettings
  graceMs: number
  inviteTtlMs: number
  mixTimeoutMs: number
}): Rules => ({
  graceMs,
  inviteTtlMs,
  mixTimeoutMs,
  tombstoneMs: 60_000,
  askAgainMs: 2_000,
  agreementLimitMs: 10_000,
  deadMs: 10 * 60_000,
  lateMs: 2_000,
  maxInvites: 200,
  maxRecentInputs: 32,
  fingerprint,
  media: createMediaAddresses(media),
  mintRoomId: (text) => createHash('sha256').update(text).digest('hex').slice(0, 16),
})
