import type { Records } from '../../../../schemas/types.generated.ts'
import { World } from './world.ts'

// What the tests of invites begin with.

export type InviteRequest = Omit<Records['CohostInviteRequested'], 'eventId' | 'roomId' | 'occurredAt'>
type Outcome = Records['RequestDecided'] | undefined

/** A's broadcaster invites B's. */
export const request: InviteRequest = {
  inviterUid: 'uA',
  inviterName: null,
  inviteeUid: 'uB',
  inviteeName: null,
  inviteeRoomId: 'B',
  type: 'side_by_side',
  inviterType: 2,
}

/** Rooms A, B and C; nobody pushes yet, and the next request has the id e4. */
export const threeRooms = (): World => {
  const world = new World()
  for (const room of ['A', 'B', 'C']) world.create(room)
  return world
}

/** The outcome of an invite made in A: of B's broadcaster, but for what is changed. */
export const ask = (world: World, changes: Partial<InviteRequest>): Outcome =>
  world.ask('CohostInviteRequested', 'A', { ...request, ...changes })

/** The outcome of a cancellation in A; without an invitee of all that the inviter has made there. */
export const cancel = (world: World, inviterUid: string, inviteeUid: string | null): Outcome =>
  world.ask('CohostCancelRequested', 'A', { inviterUid, inviteeUid })
