import type { PushData, SessionView } from './events.generated.ts'
import type { PushEvent } from './wire.ts'

/**
 * A room as a client knows it: as it was sent at the subscribe (`room-state`), with what was pushed since. `likes` is what the
 * state said and the likes that came since, and may differ from the total by some that were under way at that moment.
 */
export type RoomView = Omit<PushData['room-state'], 'session'> & {
  readonly session: (Omit<SessionView, 'type'> & { readonly type: string | null }) | null
  /** Epoch milliseconds of the state that was sent. */
  readonly stateTime: number
}

const [notPushing, pushing, ended] = [0, 1, 2]

/**
 * The room after an event; the same object when the event says nothing of it, null as long as no state has come. An event twice
 * is as good as once, save for likes.
 */
export const applyEvent = (view: RoomView | null, event: PushEvent): RoomView | null => {
  if (event.name === 'room-state') return { ...event.data, stateTime: event.time }
  if (view === null || event.isIncluded) return view
  switch (event.name) {
    case 'stream-published':
      return isOwn(view, event.data) ? { ...view, status: pushing } : view
    case 'stream-interrupted':
      return isOwn(view, event.data) ? { ...view, status: notPushing, isMixReady: false } : view
    case 'mix-available':
      return isOwn(view, event.data) ? { ...view, isMixReady: true } : view
    case 'live-ended':
      return isOwn(view, event.data) ? { ...view, status: ended, isMixReady: false } : view
    case 'mix-succeeded': {
      const { inviterMixPlayUrls, inviteeMixPlayUrls } = event.data
      const session = { ...sessionOf(view, event.data, 'mixed'), inviterMixPlayUrls, inviteeMixPlayUrls }
      return { ...view, isMixed: true, session }
    }
    case 'mix-failed':
      return { ...view, isMixed: false, session: sessionOf(view, event.data, 'agreed') }
    case 'cohost-ended': {
      if (view.session !== null && view.session.sessionId !== event.data.sessionId) return view
      // The mix goes on until it is stopped.
      const session = view.isMixed && view.session !== null ? { ...view.session, state: 'stopping' } : null
      return { ...view, session }
    }
    case 'mix-ended':
      if (view.session !== null && view.session.sessionId !== event.data.sessionId) return view
      return { ...view, isMixed: false, session: null }
    case 'liked':
      return event.time > view.stateTime ? { ...view, likes: view.likes + (event.data.count ?? 1) } : view
    case 'viewer-count':
      return { ...view, viewers: event.data.count }
    default:
      return view
  }
}

/** Events of a room tell of the rooms of its guests, too. */
const isOwn = ({ roomId }: RoomView, of: { readonly roomId: string }): boolean => of.roomId === roomId

/** The session that an event names. What the event does not say (`type`) is taken from what was known of it. */
const sessionOf = (
  { session }: RoomView,
  data: PushData['mix-succeeded'] | PushData['mix-failed'],
  state: string,
): NonNullable<RoomView['session']> => ({
  sessionId: data.sessionId,
  state,
  type: session?.sessionId === data.sessionId ? session.type : null,
  inviterUid: data.inviterUid,
  inviterName: data.inviterName,
  inviterRoomId: data.inviterRoomid,
  inviteeUid: data.inviteeUid,
  inviteeName: data.inviteeName,
  inviteeRoomId: data.inviteeRoomid,
  inviterMixPlayUrls: [],
  inviteeMixPlayUrls: [],
})
