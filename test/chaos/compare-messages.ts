import type { PeerMessage } from '../../schemas/types.generated.ts'
import type { Difference } from './difference.ts'

/**
 * Compares what rooms have told each other with what the log holds of it: every message that left an outbox, or had the time to, is there
 * at least once; between two rooms the first appearances have the order of the telling; nobody says what was not decided.
 * @param told in the order of each room's inputs
 * @param heard every appearance, in the order of each partition
 * @param settledAt messages decided at inputs before this must have been sent, epoch ms
 */
export const compareMessages = ({
  told,
  heard,
  acknowledged,
  settledAt,
}: {
  readonly told: readonly PeerMessage[]
  readonly heard: readonly PeerMessage[]
  readonly acknowledged: ReadonlySet<string>
  readonly settledAt: number
}): { readonly differences: readonly Difference[]; readonly repeated: number } => {
  const differences: Difference[] = []
  const where = 'messages between rooms'
  // Of what was decided again under the same id, the first counts.
  const known = new Map(told.map(({ eventId }, index) => [eventId, index] as const).toReversed())
  const first = new Set<string>()
  const newest = new Map<string, number>()
  let repeated = 0

  for (const { eventId, kind, fromRoomId, roomId } of heard) {
    const what = `${kind} ${eventId} from room ${fromRoomId} to ${roomId}`
    if (first.has(eventId)) {
      repeated += 1
      continue
    }
    first.add(eventId)
    const index = known.get(eventId)
    if (index === undefined) {
      differences.push({ kind: 'unexpected', where, what: `${what} was never decided` })
      continue
    }
    const pair = `${fromRoomId} ${roomId}`
    const latest = newest.get(pair) ?? -1
    if (index < latest) differences.push({ kind: 'reordered', where, what: `${what} comes after a later one` })
    newest.set(pair, Math.max(index, latest))
  }
  for (const { eventId, kind, fromRoomId, roomId, occurredAt } of told) {
    const isDue = acknowledged.has(eventId) || occurredAt < settledAt
    if (!isDue || first.has(eventId)) continue
    const what = `${kind} ${eventId} from room ${fromRoomId} to ${roomId} is not in the log`
    differences.push({ kind: 'missing', where, what })
  }
  return { differences, repeated }
}
