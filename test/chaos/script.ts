import { createHash } from 'node:crypto'
import type { RecordOf } from '../../schemas/types.generated.ts'
import type { InputName } from '../../services/state-machine/domain/turn.ts'
import type { Random } from './random.ts'

/** An input without the moment at which it happens: that is when it is sent. */
export type Event = {
  readonly [N in InputName]: { readonly type: N; readonly record: Omit<RecordOf<N>['record'], 'occurredAt'> }
}[InputName]

/** What happens so many ms after the begin of an act. */
export type Step = { readonly afterMs: number; readonly event: Event }

/** A place for a broadcaster, who comes again and again under a new room id. */
export type Slot = {
  readonly uid: string
  /** The room that the plan believes to live; null: the next act creates one. */
  readonly roomId: string | null
}

/** Names events and rooms; the same in every run of a seed. */
export type Ids = { readonly next: () => string }

export const createIds = (seed: number): Ids => {
  let count = 0
  return {
    next: () => {
      count += 1
      return createHash('sha256').update(`${seed} ${count}`).digest('hex').slice(0, 32)
    },
  }
}

/** How long rooms may go without a stream: what a plan waits for. */
export type Pace = { readonly graceMs: number; readonly inviteTtlMs: number }

/** A room that lives, as the plan believes, and its broadcaster. */
export type Room = { readonly uid: string; readonly roomId: string }

/** What an act takes its names, its choices and its times from. */
export type Names = {
  readonly ids: Ids
  readonly random: Random
  readonly pace: Pace
  /** The id of the room that the system makes for an attempt. */
  readonly mintRoomId: (attemptId: string) => string
}

/** Writes the steps of an act one after the other: `wait` moves the time on. */
export const createScript = ({ ids }: Names) => {
  const steps: Step[] = []
  let nowMs = 0
  const at = (event: Event): void => void steps.push({ afterMs: nowMs, event })
  const id = ids.next
  return {
    steps,
    nowMs: () => nowMs,
    wait: (ms: number): void => {
      nowMs += ms
    },
    create: (uid: string): Room => {
      const eventId = id()
      const roomId = eventId.slice(0, 16)
      at({ type: 'LiveCreateRequested', record: { eventId, roomId, uid, name: `name of ${uid}`, description: null } })
      return { uid, roomId }
    },
    stream: (roomId: string, action: 'publish' | 'publish_done'): void =>
      at({ type: 'StreamNotified', record: { eventId: id(), roomId, action, cloudTime: null } }),
    available: (roomId: string): void =>
      at({ type: 'MixAvailabilityNotified', record: { eventId: id(), roomId, cloudTime: null } }),
    status: (roomId: string, mixRoomId: string, code: string): void =>
      at({
        type: 'MixStatusNotified',
        record: {
          eventId: id(),
          roomId,
          mixRoomId,
          mixType: 'channel',
          mixTemplate: 'side_by_side',
          event: 'EventMix',
          code,
          message: '',
        },
      }),
    /** A broadcaster invites another one, or a viewer when that one has no room; returns the session's id. */
    invite: (inviter: Room, inviteeUid: string, inviteeRoomId: string | null): string => {
      const eventId = id()
      const { roomId, uid: inviterUid } = inviter
      const names = { inviterName: null, inviteeName: null }
      const how = { inviteeRoomId, type: 'side_by_side', inviterType: 2 }
      at({ type: 'CohostInviteRequested', record: { eventId, roomId, inviterUid, inviteeUid, ...names, ...how } })
      return eventId
    },
    ask: (viewerUid: string, { uid: inviteeUid, roomId }: Room): string => {
      const eventId = id()
      const names = { inviterName: `name of ${viewerUid}`, inviteeName: null }
      const how = { inviteeRoomId: null, type: 'picture_in_picture', inviterType: 1 }
      at({
        type: 'CohostInviteRequested',
        record: { eventId, roomId, inviterUid: viewerUid, inviteeUid, ...names, ...how },
      })
      return eventId
    },
    feedback: (roomId: string, inviterUid: string, inviteeUid: string, status: 1 | 2): void =>
      at({ type: 'CohostFeedbackRequested', record: { eventId: id(), roomId, inviterUid, inviteeUid, status } }),
    cancel: (roomId: string, inviterUid: string, inviteeUid: string | null): void =>
      at({ type: 'CohostCancelRequested', record: { eventId: id(), roomId, inviterUid, inviteeUid } }),
    close: (roomId: string, notifiedRoomId: string): void =>
      at({ type: 'CohostCloseRequested', record: { eventId: id(), roomId, notifiedRoomId } }),
    leave: (roomId: string): void => at({ type: 'LiveLeaveRequested', record: { eventId: id(), roomId } }),
    watch: (roomId: string, uid: string): void =>
      at({ type: 'AudienceJoined', record: { eventId: id(), roomId, uid, name: null } }),
  }
}
export type Script = ReturnType<typeof createScript>
