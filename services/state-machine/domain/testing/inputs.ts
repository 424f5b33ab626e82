import type { Input } from '../turn.ts'
import { request } from './invites.ts'

// Requests as they are read from room.input.

/** Its broadcaster is `u` and the room's id. */
export const create = (roomId: string): Input => ({
  type: 'LiveCreateRequested',
  record: { eventId: `create-${roomId}`, roomId, occurredAt: 0, uid: `u${roomId}`, name: null, description: null },
})

/** A's broadcaster invites B's. */
export const invite: Input = {
  type: 'CohostInviteRequested',
  record: { ...request, eventId: 'invite', roomId: 'A', occurredAt: 0 },
}
