import { change, type Turn } from './turn.ts'

/**
 * The kinds of deadlines of a room. A deadline is part of the room's state; its firing is an input that takes its turn,
 * and one whose generation has passed changes nothing.
 */
export type TimerKind =
  /** A room that does not push ends. */
  | 'grace'
  /** An ended room is forgotten. */
  | 'tombstone'
  /** An invite expires; subject: the session. */
  | 'invite'
  /** The owner asks the peer again; subject: the attempt. */
  | 'reserve-again'
  /** The owner gives an agreement up; subject: the attempt. */
  | 'agreement'
  /** A peer that holds asks the owner again; subject: the attempt. */
  | 'reserved-again'
  /** A mix that was started must have been answered; subject: the attempt. */
  | 'mix-start'
  /** One restart of a mix must have been answered; subject: the main room. */
  | 'mix-restart'
  /** The pause after InternalError is over; subject: the main room. */
  | 'mix-retry'
  /** A mix that was stopped must have been answered; subject: the attempt. */
  | 'mix-stop'
  /** A stop that outlived its session is given up; subject: the attempt. */
  | 'late-stop'

/** Sets a deadline; one of the same kind and subject is replaced. */
export const setTimer = (turn: Turn, kind: TimerKind, subject: string, at: number): void => {
  const generation = turn.room.timerGeneration + 1
  change(turn, {
    timerGeneration: generation,
    timers: [...without(turn, kind, subject), { kind, subject, at, generation }],
  })
}

export const clearTimer = (turn: Turn, kind: TimerKind, subject = ''): void => {
  if (turn.room.timers.some((timer) => timer.kind === kind && timer.subject === subject)) {
    change(turn, { timers: without(turn, kind, subject) })
  }
}

const without = (turn: Turn, kind: string, subject: string): Turn['room']['timers'] =>
  turn.room.timers.filter((timer) => timer.kind !== kind || timer.subject !== subject)

/** Takes the deadline that has fired out of the state; false when it is a stale one. */
export const takeTimer = (turn: Turn, kind: string, subject: string, generation: number): boolean => {
  const { timers } = turn.room
  const left = timers.filter(
    (timer) => timer.kind !== kind || timer.subject !== subject || timer.generation !== generation,
  )
  if (left.length === timers.length) return false
  change(turn, { timers: left })
  return true
}
