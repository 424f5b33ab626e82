import type { Pattern } from './pattern.ts'

// The messages that clients get, field by field as the contract lists them; written down here a second time on purpose, so that
// a change of the schemas or of the generator that reaches the wire is noticed.

/** Somebody who takes part: `type` 1 audience, 2 broadcaster; `roomId` is the own room (of an audience party the system room). */
export type Party = {
  readonly uid: string
  readonly name: string
  readonly roomId: string | RegExp
  readonly type: 1 | 2
}

/** Where streams are pushed and played. */
export type Media = {
  readonly pushHost: string
  readonly playHost: string
  readonly app: string
  readonly signed: boolean
  /** What the video cloud adds to a room's id to name its mixed streams; without it those of the simulated cloud. */
  readonly mixEndings?: readonly string[]
}

const simulatedEndings: readonly string[] = ['_mix360', '_mix480']

/** The media addresses that follow from the address of a created live: rtmp://PUSH_HOST/APP/ROOM…, http://PLAY_HOST/…. */
export const mediaOf = ({ rtmpUrl, playUrl }: { rtmpUrl: string; playUrl: string }): Media => {
  const push = new URL(rtmpUrl)
  return {
    pushHost: push.host,
    playHost: new URL(playUrl).host,
    app: push.pathname.split('/')[1] ?? '',
    signed: push.searchParams.has('auth_key'),
  }
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const source = (room: string | RegExp): string =>
  room instanceof RegExp ? room.source.replaceAll(/^\^|\$$/g, '') : escape(room)

/** A push URL of the room, with its authentication where there is one. */
export const pushUrlOf = ({ pushHost, app, signed }: Media, room: string | RegExp): RegExp =>
  new RegExp(
    `^rtmp://${escape(pushHost)}/${escape(app)}/${source(room)}${signed ? '\\?auth_key=\\d{10}-0-0-[0-9a-f]{32}' : ''}$`,
  )

export const shortDelayUrlOf = ({ playHost, app }: Media, room: string | RegExp): RegExp =>
  new RegExp(`^http://${escape(playHost)}/${escape(app)}/${source(room)}\\.flv\\?ali_flv_retain=0$`)

/** The mixed streams that the cloud lists for a room; an audience party has none. */
export const mixUrlsOf = ({ playHost, app, mixEndings = simulatedEndings }: Media, { roomId, type }: Party): Pattern =>
  type === 1
    ? []
    : mixEndings.map(
        (ending) => new RegExp(`^http://${escape(playHost)}/${escape(app)}/${source(roomId)}${escape(ending)}$`),
      )

/** A system room's id. */
export const anyRoom = /^[A-Za-z0-9]{1,64}$/

/** One push message: its type, and what its data has to look like. */
export type PushPattern = { readonly type: number; readonly data: Pattern }

export type SessionFacts = {
  readonly sessionId: string
  readonly inviter: Party
  readonly invitee: Party
  readonly template: string
  readonly media: Media
}

export const invited = ({ sessionId, inviter, template }: SessionFacts, liveRoomId: string): PushPattern => ({
  type: 1,
  data: {
    sessionId,
    inviterUid: inviter.uid,
    inviterName: inviter.name,
    type: template,
    inviterType: inviter.type,
    liveRoomId,
  },
})

export const agreed = ({ sessionId, inviter, invitee, template, media }: SessionFacts): PushPattern => ({
  type: 2,
  data: {
    sessionId,
    inviteeUid: invitee.uid,
    inviteeName: invitee.name,
    inviteeRoomId: invitee.roomId,
    inviterRoomId: inviter.roomId,
    inviteePlayUrl: shortDelayUrlOf(media, invitee.roomId),
    rtmpUrl: pushUrlOf(media, inviter.roomId),
    type: template,
    status: 1,
    inviterType: inviter.type,
    inviteeType: invitee.type,
  },
})

export const refused = ({ sessionId, invitee }: Pick<SessionFacts, 'sessionId' | 'invitee'>): PushPattern => ({
  type: 3,
  data: { sessionId, inviteeUid: invitee.uid, inviteeName: invitee.name, status: 2 },
})

const ended = (type: 4 | 15, sessionId: string, closing: Party, notified: Party): PushPattern => ({
  type,
  data: {
    sessionId,
    roomId: closing.roomId,
    uid: closing.uid,
    name: closing.name,
    notifiedRoomId: notified.roomId,
    notifiedUid: notified.uid,
    notifiedName: notified.name,
  },
})

export const cohostEnded = (sessionId: string, closing: Party, notified: Party): PushPattern =>
  ended(4, sessionId, closing, notified)

export const mixEnded = (sessionId: string, closing: Party, notified: Party): PushPattern =>
  ended(15, sessionId, closing, notified)

const parties = ({ sessionId, inviter, invitee }: SessionFacts) => ({
  sessionId,
  inviterRoomid: inviter.roomId,
  inviteeRoomid: invitee.roomId,
  inviterUid: inviter.uid,
  inviterName: inviter.name,
  inviteeUid: invitee.uid,
  inviteeName: invitee.name,
  inviterType: inviter.type,
  inviteeType: invitee.type,
})

export const mixSucceeded = (session: SessionFacts): PushPattern => ({
  type: 5,
  data: {
    ...parties(session),
    inviterMixPlayUrls: mixUrlsOf(session.media, session.inviter),
    inviteeMixPlayUrls: mixUrlsOf(session.media, session.invitee),
  },
})

export const mixFailed = (session: SessionFacts, code: number): PushPattern => ({
  type: 14,
  data: { ...parties(session), code, message: /./ },
})

export const commented = (uid: string, name: string, comment: string): PushPattern => ({
  type: 6,
  data: { uid, name, comment },
})

export const liked = (uid: string, name: string, count = 1): PushPattern => ({
  type: 7,
  data: count === 1 ? { uid, name } : { uid, name, count },
})

export const liveEnded = (roomId: string): PushPattern => ({ type: 8, data: { roomId } })

export const published = ({ uid, name, roomId }: Party): PushPattern => ({ type: 9, data: { uid, name, roomId } })

export const interrupted = ({ uid, name, roomId }: Party): PushPattern => ({ type: 10, data: { uid, name, roomId } })

export const mixStatus = ({
  main,
  mix,
  template,
  event,
  code = 200,
  message = '',
  reason = /.*/,
}: {
  main: string | RegExp
  mix: string | RegExp
  template: string
  event: 'EventMix' | 'EventMixStop'
  code?: number
  message?: Pattern
  reason?: Pattern
}): PushPattern => ({
  type: 16,
  data: {
    mainMixRoomId: main,
    mixRoomId: mix,
    mixType: 'channel',
    mixTemplate: template,
    event,
    message,
    code,
    reason,
  },
})

export const mixAvailable = ({ roomId, type }: Pick<Party, 'roomId' | 'type'>): PushPattern => ({
  type: 17,
  data: { roomId, type },
})
