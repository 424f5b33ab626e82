import type { Clock } from '../shared/clock.ts'
import { Fault } from '../shared/fault.ts'
import type { Cause } from '../shared/tracing/tracing.ts'
import {
  accepted,
  decided,
  done,
  listedLive,
  liveToBe,
  playableLive,
  refused,
  unknownRequest,
  type Addresses,
  type Answer,
} from './domain/answers.ts'
import { createdRoomId, idempotentEventId } from './domain/ids.ts'
import { chooseName, type NameMemory } from './domain/names.ts'
import { createRecent } from './domain/recent.ts'
import {
  audienceJoined,
  audienceLeft,
  cohostCancelRequested,
  cohostCloseRequested,
  cohostFeedbackRequested,
  cohostInviteRequested,
  commented,
  liked,
  liveCreateRequested,
  liveLeaveRequested,
  mixAvailabilityNotified,
  mixStatusNotified,
  streamNotified,
  type InputEvent,
  type NameOf,
  type Stamp,
} from './domain/records.ts'
import type {
  AvailabilityCallback,
  CancelInvite,
  CloseCohosting,
  Comment,
  CreateLive,
  Feedback,
  Invite,
  LeaveAudience,
  LeaveLive,
  Like,
  ListLives,
  PlayLive,
  StatusCallback,
  StreamCallback,
} from './domain/requests.ts'
import type { Events, Outcomes, Rooms } from './ports.ts'

/** What comes with a request besides its body. */
export type Call = {
  /** Who calls: the API key, or nothing where none is needed. */
  readonly credential: string
  readonly path: string
  readonly idempotencyKey?: string | undefined
  /** What its records follow from, in traces. */
  readonly cause?: Cause
}

/**
 * What ingest does with a validated request. Every answer of status 200 or 202 to a request that writes means: its record is on
 * Kafka with acks=all (or was, for a repeat with the same Idempotency-Key). All throw a Fault when Kafka does not take it.
 */
export type Intake = {
  readonly createLive: (request: CreateLive, call: Call) => Promise<Answer>
  readonly leaveLive: (request: LeaveLive, call: Call) => Promise<Answer>
  readonly listLives: (request: ListLives) => Promise<Answer>
  readonly playLive: (request: PlayLive, call: Call) => Promise<Answer>
  readonly leaveAudience: (request: LeaveAudience, call: Call) => Promise<Answer>
  readonly comment: (request: Comment, call: Call) => Promise<Answer>
  readonly like: (request: Like, call: Call) => Promise<Answer>
  readonly invite: (request: Invite, call: Call) => Promise<Answer>
  readonly cancelInvite: (request: CancelInvite, call: Call) => Promise<Answer>
  readonly giveFeedback: (request: Feedback, call: Call) => Promise<Answer>
  readonly closeCohosting: (request: CloseCohosting, call: Call) => Promise<Answer>
  readonly streamChanged: (callback: StreamCallback, call: Call) => Promise<Answer>
  readonly mixAvailable: (callback: AvailabilityCallback, call: Call) => Promise<Answer>
  readonly mixChanged: (callback: StatusCallback, call: Call) => Promise<Answer>
  /** The outcome of a request, 202 while it is open here, 404 when it is not known. */
  readonly outcomeOf: (requestId: string) => Promise<Answer>
}

/** How long a request waits for its decision before it is answered 202. */
const decisionWaitMs = 2_000
/** How long requests and their answers are remembered for repeats. */
const rememberedMs = 10 * 60_000
/** Per memory; past it the oldest is forgotten, and a repeat of it is written again under the same event id. */
const maxRemembered = 200_000

/** How long the newest state is waited for where nothing is called missing: the list of all lives, the live of an invitee. */
const freshnessMs = 1_000
const ignoreFault = (error: unknown): void => {
  if (!(error instanceof Fault)) throw error
}

/** Room status 2: ended, for good. */
const endedStatus = 2

export const createIntake = ({
  events,
  outcomes,
  rooms,
  names,
  addresses,
  clock,
  newEventId,
  sha256,
}: {
  events: Events
  outcomes: Outcomes
  rooms: Rooms
  names: NameMemory
  addresses: Addresses
  /** Epoch milliseconds. */
  clock: Clock
  /** 32 random hex digits. */
  newEventId: () => string
  /** The hex digest of a text. */
  sha256: (text: string) => string
}): Intake => {
  /** Repeatable requests that are being answered right now; as many as there are HTTP requests at most. */
  const underWay = new Map<string, Promise<Answer>>()
  /** Requests of this instance that are on Kafka and had no outcome when they were answered. */
  const open = createRecent<true>({ maxEntries: maxRemembered, maxAgeMs: rememberedMs })
  /** Answers to repeatable events on which nobody decides. */
  const taken = createRecent<Answer>({ maxEntries: maxRemembered, maxAgeMs: rememberedMs })

  const nameOf: NameOf = (uid, given) => {
    if (given !== undefined) names.remember(uid, given)
    return chooseName({ uid, given, inState: rooms.table.nameOf(uid), lastSeen: names.recall(uid) })
  }

  /** Runs once for all calls with the same Idempotency-Key that are here at the same time. */
  const once = (call: Call, run: (eventId: string) => Promise<Answer>): Promise<Answer> => {
    const { credential, path, idempotencyKey: key } = call
    if (key === undefined) return run(newEventId())
    const eventId = idempotentEventId({ credential, path, key }, sha256)
    const running = underWay.get(eventId)
    if (running !== undefined) return running
    const answer = run(eventId).finally(() => underWay.delete(eventId))
    underWay.set(eventId, answer)
    return answer
  }

  /** An event on which nobody decides: answered as soon as it is on Kafka. */
  const take = (call: Call, event: (stamp: Stamp) => InputEvent, data: (stamp: Stamp) => object): Promise<Answer> =>
    once(call, async (eventId) => {
      const stamp = { eventId, occurredAt: clock.now() }
      const before = taken.get(eventId, stamp.occurredAt)
      if (before !== undefined) return before
      await events.append(event(stamp), call.cause)
      const answer = done(data(stamp))
      if (call.idempotencyKey !== undefined) taken.set(eventId, answer, stamp.occurredAt)
      return answer
    })

  /** The first outcome of a request, of which "none" is said only after reading all that there was when the request came. */
  const outcomeBefore = async (requestId: string, roomId?: string): Promise<Answer | undefined> => {
    let outcome = await outcomes.find(requestId)
    if (outcome === undefined) {
      await outcomes.caughtUp(roomId)
      outcome = await outcomes.find(requestId)
    }
    return outcome && decided(outcome, addresses)
  }

  /**
   * A request on which the room decides: written, then answered with its outcome, or 202 when that takes long.
   * `event` may refuse what cannot be routed.
   * @param roomOf the room that decides, where the request tells: then what other partitions wait for does not matter
   */
  const decide = (
    call: Call,
    roomOf: (eventId: string) => string | undefined,
    event: (stamp: Stamp) => InputEvent | Answer | Promise<InputEvent | Answer>,
    known?: (stamp: Stamp) => object,
  ): Promise<Answer> =>
    once(call, async (eventId) => {
      const stamp = { eventId, occurredAt: clock.now() }
      const before = call.idempotencyKey === undefined ? undefined : await outcomeBefore(eventId, roomOf(eventId))
      if (before !== undefined) return before
      const expected = outcomes.expect(eventId)
      try {
        if (open.get(eventId, stamp.occurredAt) === undefined) {
          const routed = await event(stamp)
          if ('status' in routed) return routed
          await events.append(routed, call.cause)
          open.set(eventId, true, stamp.occurredAt)
        }
        const outcome = await expected.within(decisionWaitMs)
        if (outcome === undefined) return accepted(eventId, known?.(stamp))
        open.delete(eventId)
        return decided(outcome, addresses)
      } finally {
        expected.cancel()
      }
    })

  /** Looks something up in the rooms; "none" is said only after reading all that there was when the request came. */
  const lookUp = async <Found>(find: () => Found | undefined, roomId?: string): Promise<Found | undefined> => {
    const found = find()
    if (found !== undefined) return found
    await rooms.caughtUp(roomId)
    return find()
  }

  /** Looks up what is not called missing when it is not found: waits for the newest state, but not for long. */
  const lookUpSoon = async <Found>(find: () => Found | undefined): Promise<Found | undefined> => {
    const found = find()
    if (found !== undefined) return found
    await rooms.caughtUp(undefined, freshnessMs).catch(ignoreFault)
    return find()
  }

  const callback = (call: Call, event: (stamp: Stamp) => InputEvent): Promise<Answer> => take(call, event, () => ({}))

  return {
    createLive: (request, call) =>
      decide(
        call,
        createdRoomId,
        (stamp) => liveCreateRequested(request, stamp, nameOf),
        (stamp) => liveToBe(request, stamp, addresses),
      ),
    leaveLive: (request, call) =>
      decide(
        call,
        () => request.roomId,
        (stamp) => liveLeaveRequested(request, stamp),
      ),

    listLives: async ({ roomId }) => {
      if (roomId !== undefined) {
        const live = await lookUp(() => rooms.table.runningLive(roomId), roomId)
        return done(live === undefined ? [] : [listedLive(live, addresses)])
      }
      await rooms.caughtUp(undefined, freshnessMs).catch(ignoreFault)
      return done(rooms.table.runningLives().map((live) => listedLive(live, addresses)))
    },

    playLive: async (request, call) => {
      const room = await lookUp(() => rooms.table.get(request.roomId), request.roomId)
      if (room === undefined || room.status === endedStatus) return refused(2003, 'no such room, or it has ended')
      const name = nameOf(request.uid, request.name)
      return take(
        call,
        (stamp) => audienceJoined(request, stamp, nameOf),
        () => playableLive(request, name, addresses),
      )
    },
    leaveAudience: (request, call) =>
      take(
        call,
        (stamp) => audienceLeft(request, stamp),
        () => ({}),
      ),
    // the id is that of the push message, by which a client knows its own comment again
    comment: (request, call) =>
      take(
        call,
        (stamp) => commented(request, stamp, nameOf),
        ({ eventId }) => ({ id: eventId }),
      ),
    like: (request, call) =>
      take(
        call,
        (stamp) => liked(request, stamp, nameOf),
        ({ eventId }) => ({ id: eventId }),
      ),

    invite: (request, call) =>
      decide(
        call,
        () => request.liveRoomId,
        async (stamp) => {
          const { inviterType, inviteeRoomId, inviteeUid } = request
          const live =
            inviterType === 2 && inviteeRoomId === undefined
              ? await lookUpSoon(() => rooms.table.runningLiveOf(inviteeUid))
              : undefined
          return cohostInviteRequested(request, stamp, nameOf, live?.roomId)
        },
      ),
    cancelInvite: (request, call) =>
      decide(
        call,
        () => request.liveRoomId,
        (stamp) => cohostCancelRequested(request, stamp),
      ),
    giveFeedback: (request, call) =>
      decide(
        call,
        () => request.liveRoomId,
        async (stamp) => {
          const { inviterUid, inviteeUid, liveRoomId } = request
          const roomId = liveRoomId ?? (await lookUp(() => rooms.table.roomOfInvite(inviterUid, inviteeUid)))
          if (roomId === undefined) return refused(3404, 'no invite between these two waits for an answer')
          return cohostFeedbackRequested(request, roomId, stamp)
        },
      ),
    closeCohosting: (request, call) =>
      decide(
        call,
        () => request.closeRoomId,
        (stamp) => cohostCloseRequested(request, stamp),
      ),

    streamChanged: (request, call) => callback(call, (stamp) => streamNotified(request, stamp)),
    mixAvailable: (request, call) => callback(call, (stamp) => mixAvailabilityNotified(request, stamp)),
    mixChanged: (request, call) => callback(call, (stamp) => mixStatusNotified(request, stamp)),

    outcomeOf: async (requestId) => {
      const answer = await outcomeBefore(requestId)
      if (answer !== undefined) return answer
      return open.get(requestId, clock.now()) === undefined ? unknownRequest : accepted(requestId)
    },
  }
}
