import type { AppServer } from '../support/app-server.ts'
import { type EdgeClient, joinRooms } from '../support/edge-client.ts'
import { ok } from '../support/scene.ts'

/** Somebody who broadcasts, and somebody who watches, is connected, and is invited. */
export type Pair = {
  readonly inviterUid: string
  readonly liveRoomId: string
  readonly invitee: EdgeClient
}

type Doors = { readonly app: AppServer; readonly edgeUrl: string; readonly secret: string }

export const openPair = async ({ app, edgeUrl, secret }: Doors, name: string): Promise<Pair> => {
  const inviterUid = `inviter-${name}`
  const { roomId } = await app.createLive({ uid: inviterUid })
  const invitee = await joinRooms({ url: edgeUrl, secret, uid: `invitee-${name}`, rooms: [roomId] })
  return { inviterUid, liveRoomId: roomId, invitee }
}

/** Invites and takes the invite back, until `isOver` says so and once more. Resolves to the sessions, in their order. */
export const inviteAndCancel = async ({
  app,
  pair: { inviterUid, liveRoomId, invitee },
  isOver,
  onDecision,
}: {
  readonly app: AppServer
  readonly pair: Pair
  readonly isOver: () => boolean
  readonly onDecision: () => void
}): Promise<readonly string[]> => {
  const sessions: string[] = []
  const between = { inviterUid, inviteeUid: invitee.uid, liveRoomId }
  for (let isLast = false; !isLast;) {
    isLast = isOver()
    const invited = ok(await app.invite({ ...between, inviterType: 2 }))
    onDecision()
    ok(await app.cancel(between))
    onDecision()
    sessions.push(String(invited.data['sessionId']))
  }
  return sessions
}

const invited = 1
const cancelled = 102

/** What the invitee has to receive for these sessions, as `told` has it. */
export const due = (sessions: readonly string[]): readonly string[] =>
  sessions.flatMap((session) => [`${invited} ${session}`, `${cancelled} ${session}`])

/** The first `count` messages of invites that the invitee received, and any that came since; rejects when fewer come. */
export const told = async ({ invitee }: Pair, count: number): Promise<readonly string[]> => {
  const isOfInvites = ({ type }: { readonly type: number }): boolean => type === invited || type === cancelled
  await invitee.waitForPushes(count, isOfInvites)
  return invitee
    .messages()
    .filter(isOfInvites)
    .map(({ type, data }) => `${type} ${String(data['sessionId'])}`)
}
