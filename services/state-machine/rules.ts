import { createHash } from 'node:crypto'
import { createMediaAddresses, type MediaSettings } from '../shared/media.ts'
import type { Rules } from './domain/decide.ts'

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
  media: createMediaAddresses(media),
  mintRoomId: (text) => createHash('sha256').update(text).digest('hex').slice(0, 16),
})
