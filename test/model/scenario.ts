import type { InputName } from '../../services/state-machine/domain/turn.ts'
import type { Input, Rules } from '../../services/state-machine/domain/decide.ts'
import type { Records } from '../../schemas/types.generated.ts'
import type { TimerKind } from '../../services/state-machine/domain/timers.ts'
import type { Ending } from './invariants.ts'

/** Something that comes from outside: a request, or a callback of the video cloud. */
export type Event = {
  readonly say: string
  readonly isRequest: boolean
  readonly input: (eventId: string) => Input
}

/** An event that may happen at any moment: so often at most, and each of them once more with the same id where `again` says so. */
export type Chance = { readonly event: Event; readonly times: number; readonly again: number }

export type Scenario = {
  readonly name: string
  /** Broadcasters' rooms, all created at the beginning; the user of room X is uX. */
  readonly rooms: readonly string[]
  /** Events before the exploration begins, each with all that follows from it. */
  readonly before: readonly Event[]
  readonly chances: readonly Chance[]
  /** How often timers of these kinds may fire; kinds that are not named do not, `Infinity` is not counted. */
  readonly timers?: Partial<Readonly<Record<TimerKind, number>>>
  /** How often the video cloud may refuse a command, or never answer it; what it accepts is not counted. */
  readonly refusals?: number
  readonly silences?: number
  /** How often a room's task may crash between sending messages and removing them from its state. */
  readonly crashes?: number
  /** How often more than `lateMs` may pass while requests wait in a room. */
  readonly waits?: number
  readonly mintRoomId?: Rules['mintRoomId']
  /** What has to hold whenever everything has come to rest, besides what always has to. */
  readonly atRest?: (ending: Ending) => string | undefined
  /** More of it, for an exploration that may take many minutes. */
  readonly deeper?: Partial<Omit<Scenario, 'name' | 'rooms' | 'deeper'>>
}

type Body<N extends InputName> = Omit<Records[N], 'eventId' | 'roomId' | 'occurredAt'>

const event = <N extends InputName>(
  say: string,
  type: N,
  roomId: string,
  body: Body<N> | ((eventId: string) => Body<N>),
): Event => ({
  say,
  isRequest: type.endsWith('Requested'),
  input: (eventId) => {
    const record = { ...(typeof body === 'function' ? body(eventId) : body), eventId, roomId, occurredAt: 0 }
    // A name and a body of the same N belong together, which the compiler cannot see.
    return { type, record } as unknown as Input
  },
})

export const chance = (of: Event, { times = 1, again = 0 } = {}): Chance => ({ event: of, times, again })

export const create = (room: string): Event =>
  event(`create ${room}`, 'LiveCreateRequested', room, { uid: `u${room}`, name: null, description: null })
export const leave = (room: string): Event => event(`leave ${room}`, 'LiveLeaveRequested', room, {})
export const publish = (room: string): Event =>
  event(`publish ${room}`, 'StreamNotified', room, { action: 'publish', cloudTime: null })
export const interrupt = (room: string): Event =>
  event(`publish_done ${room}`, 'StreamNotified', room, { action: 'publish_done', cloudTime: null })
export const ready = (room: string): Event =>
  event(`MixAvailable ${room}`, 'MixAvailabilityNotified', room, { cloudTime: null })

/** The broadcaster of one room invites that of another. */
export const invite = (from: string, to: string): Event =>
  event(`u${from} invites u${to}`, 'CohostInviteRequested', from, {
    inviterUid: `u${from}`,
    inviterName: null,
    inviteeUid: `u${to}`,
    inviteeName: null,
    inviteeRoomId: to,
    type: 'side_by_side',
    inviterType: 2,
  })
/** The broadcaster invites a viewer. */
export const inviteViewer = (room: string, viewer: string): Event =>
  event(`u${room} invites viewer ${viewer}`, 'CohostInviteRequested', room, {
    inviterUid: `u${room}`,
    inviterName: null,
    inviteeUid: viewer,
    inviteeName: null,
    inviteeRoomId: null,
    type: 'side_by_side',
    inviterType: 2,
  })
/** A viewer asks the broadcaster. */
export const apply = (viewer: string, room: string): Event =>
  event(`${viewer} applies to u${room}`, 'CohostInviteRequested', room, {
    inviterUid: viewer,
    inviterName: null,
    inviteeUid: `u${room}`,
    inviteeName: null,
    inviteeRoomId: null,
    type: 'picture_in_picture',
    inviterType: 1,
  })
const feedback = (owner: string, inviterUid: string, inviteeUid: string, status: 1 | 2): Event =>
  event(`${inviteeUid} ${status === 1 ? 'agrees to' : 'refuses'} ${inviterUid}`, 'CohostFeedbackRequested', owner, {
    inviterUid,
    inviteeUid,
    status,
  })
/** The invitee of an invite made in `owner` answers. */
export const agree = (owner: string, invitee: string): Event => feedback(owner, `u${owner}`, `u${invitee}`, 1)
export const refuse = (owner: string, invitee: string): Event => feedback(owner, `u${owner}`, `u${invitee}`, 2)
export const agreeAs = (owner: string, inviterUid: string, inviteeUid: string): Event =>
  feedback(owner, inviterUid, inviteeUid, 1)
export const cancel = (owner: string): Event =>
  event(`u${owner} cancels`, 'CohostCancelRequested', owner, { inviterUid: `u${owner}`, inviteeUid: null })
export const close = (closing: string, notified: string): Event =>
  event(`close ${closing} with ${notified}`, 'CohostCloseRequested', closing, { notifiedRoomId: notified })
/** The content of the mix in `main` changed. The message tells one callback from another. */
export const status = (main: string, mix: string, code: string): Event =>
  event(`${code} of ${main} with ${mix}`, 'MixStatusNotified', main, (eventId) => ({
    mixRoomId: mix,
    mixType: 'channel',
    mixTemplate: 'side_by_side',
    event: 'MixResult',
    code,
    message: eventId,
  }))
