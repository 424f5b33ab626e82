import type { SessionTerms } from '../../../../schemas/types.generated.ts'
import { World } from './world.ts'

// What the tests of agreements begin with.

/** Rooms A, B and C; `owner` has invited the broadcaster of `peer`. The invite's session is e4, its first attempt e4.1. */
export const invited = (owner = 'A', peer = 'B'): World => {
  const world = new World()
  for (const room of ['A', 'B', 'C']) world.create(room)
  world.sessionId = world.invite(owner, { uid: `u${peer}`, roomId: peer })?.sessionId ?? ''
  world.pushed()
  world.told()
  return world
}

/** A and B have invited each other; the sessions are e4 (A's) and e5 (B's). */
export const crossing = (): World => {
  const world = invited()
  world.invite('B', { uid: 'uA', roomId: 'A' })
  world.pushed()
  world.told()
  return world
}

/** The invitee's answer, whose outcome may come later; returns the request's id. */
export const feedback = (world: World, owner: string, inviter: string, invitee: string): string =>
  world.put('CohostFeedbackRequested', owner, { inviterUid: inviter, inviteeUid: invitee, status: 1 })

/** The terms of an attempt of A's invite to B. */
export const terms: SessionTerms = {
  sessionId: 'e4',
  ownerRoomId: 'A',
  peerRoomId: 'B',
  inviterUid: 'uA',
  inviterName: 'name-uA',
  inviterRoomId: 'A',
  inviterType: 2,
  inviteeUid: 'uB',
  inviteeName: 'name-uB',
  inviteeRoomId: 'B',
  inviteeType: 2,
  type: 'side_by_side',
  agreedAt: 1_000_000,
}

// Outcomes as their callers see them: code and message.
export const agreed = [200, 'agreed'] as const
export const noInvite = [3404, 'there is no such invite'] as const
export const taken = [3020, "the invitee's room is in a session or reserved for one"] as const
