import type { Demand } from './demand.ts'
import type { Values } from './figures.ts'

/** What happens in a second, wherever it is dealt with. */
export type Traffic = {
  /** Clients of an average room. */
  readonly audience: number
  readonly comments: number
  readonly likes: number
  /** Clients that come; as many leave. */
  readonly arrivals: number
  /** Of each of two rooms. */
  readonly sessions: number
  readonly requests: number
  readonly inputs: number
  /** Inputs that change no room: clients that come or go. */
  readonly visits: number
  /** Inputs that change a room. */
  readonly changes: number
  /** States of rooms that are written for likes alone. */
  readonly likeStates: number
  readonly states: number
  readonly signals: number
  readonly outcomes: number
  readonly commands: number
  /** Bytes appended by topic; room.presence depends on the edges. */
  readonly bytes: Readonly<Record<AppendedTopic, number>>
}
export type AppendedTopic =
  'roomInput' | 'pushSignal' | 'pushComment' | 'pushLike' | 'requestOutcome' | 'mixCommand' | 'roomState'

/** A room that is liked again and again is written so often at most: once a second after its first like. */
const statesOfLikes = (likesPerSecond: number): number => (likesPerSecond === 0 ? 0 : 1 / (1 + 1 / likesPerSecond))

export const trafficOf = (demand: Demand, of: Values): Traffic => {
  const { ROOMS: rooms, CLIENTS: clients } = demand
  const comments = rooms * demand.COMMENTS
  const likes = rooms * demand.LIKES
  const arrivals = clients / (demand.STAY_MINUTES * 60)
  const visits = arrivals * of.visitRequests
  const sessions = (rooms * demand.SESSIONS) / 2 / 3_600
  const likeStates = rooms * statesOfLikes(demand.LIKES)
  const states = likeStates + sessions * of.sessionStates
  return {
    audience: clients / rooms,
    comments,
    likes,
    arrivals,
    sessions,
    requests: comments + likes + visits + sessions * of.sessionInputs,
    inputs: visits + sessions * of.sessionInputs,
    visits,
    changes: sessions * of.sessionInputs,
    likeStates,
    states,
    signals: sessions * of.sessionSignals,
    outcomes: sessions * of.sessionOutcomes,
    commands: sessions * of.sessionCommands,
    bytes: {
      roomInput: visits * of.visitInputBytes + sessions * of.sessionInputBytes,
      pushSignal: sessions * of.sessionSignalBytes,
      pushComment: comments * of.commentBytes,
      pushLike: likes * of.likeBytes,
      requestOutcome: sessions * of.sessionOutcomeBytes,
      mixCommand: sessions * of.sessionCommandBytes,
      roomState: states * of.stateBytes,
    },
  }
}
