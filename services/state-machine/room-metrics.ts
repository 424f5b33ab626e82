import { Gauge } from 'prom-client'
import type { Room } from '../../schemas/types.generated.ts'
import { boundedLabel, type Metrics } from '../shared/metrics.ts'
import { createPairTallyCounter } from '../shared/tally-metrics.ts'
import { roomStatus } from './domain/terms.ts'

/** Counts the rooms in memory and what becomes of them; kept up to date by each change, so that a scrape looks at no room. */
export type RoomMetrics = {
  /** Rooms that a partition was restored with. */
  readonly entered: (partition: number, rooms: Iterable<Room>) => void
  /** A commit has made `after` of a room; undefined: it was not there, null: it is forgotten. */
  readonly changed: (partition: number, before: Room | undefined, after: Room | null) => void
  /** Rooms of a partition that is not worked on here any more. */
  readonly left: (partition: number, rooms: Iterable<Room>) => void
}

const statusNames = new Map<number, string>([
  [roomStatus.created, 'created'],
  [roomStatus.pushing, 'pushing'],
  [roomStatus.ended, 'ended'],
  [roomStatus.systemIdle, 'system'],
])
const phases = ['held', 'agreed', 'starting', 'mixed', 'stopping'] as const

/** Neither there before nor after. */
const none = 'none'

type Known = Room | null | undefined
const phaseLabel = boundedLabel(phases)
const phaseOf = (room: Known): string => {
  const phase = room?.session?.phase
  return phase === undefined ? none : phaseLabel(phase)
}
const statusOf = (room: Known): string =>
  room === null || room === undefined ? none : (statusNames.get(room.status) ?? 'other')
const timersOf = (room: Known): number => room?.timers.length ?? 0
const oneIf = (room: Known): number => (room === null || room === undefined ? 0 : 1)

const fromAndTo = (states: readonly string[]) => ({ labels: ['from', 'to'], known: [states, states] }) as const

export const createRoomMetrics = (metrics: Metrics): RoomMetrics => {
  const registers = [metrics]
  const rooms = new Gauge({
    name: 'roomcast_rooms',
    help: 'Rooms with state, by partition.',
    labelNames: ['partition'],
    registers,
  })
  const sessions = new Gauge({
    name: 'roomcast_sessions',
    help: 'Rooms that are in a session or held for one, by its phase as the room knows it; a session has two rooms.',
    labelNames: ['phase'],
    registers,
  })
  for (const phase of phases) sessions.set({ phase }, 0)
  const timers = new Gauge({
    name: 'roomcast_timers_pending',
    help: 'Deadlines in the committed states.',
    registers,
  })
  const roomTransitions = createPairTallyCounter({
    metrics,
    name: 'roomcast_room_transitions_total',
    help: 'Committed changes of the status of rooms; none: not there.',
    ...fromAndTo([none, ...statusNames.values()]),
  })
  const sessionTransitions = createPairTallyCounter({
    metrics,
    name: 'roomcast_session_transitions_total',
    help: "Committed changes of the phase of rooms' sessions; none: in no session.",
    ...fromAndTo([none, ...phases]),
  })

  const count = (partition: number, before: Known, after: Known): void => {
    const more = oneIf(after) - oneIf(before)
    if (more !== 0) rooms.inc({ partition: String(partition) }, more)
    const moreTimers = timersOf(after) - timersOf(before)
    if (moreTimers !== 0) timers.inc(moreTimers)
    const [from, to] = [phaseOf(before), phaseOf(after)]
    if (from === to) return
    if (from !== none) sessions.dec({ phase: from })
    if (to !== none) sessions.inc({ phase: to })
  }

  return {
    entered: (partition, entered) => {
      rooms.inc({ partition: String(partition) }, 0)
      for (const room of entered) count(partition, undefined, room)
    },
    changed: (partition, before, after) => {
      count(partition, before, after)
      const [status, nextStatus] = [statusOf(before), statusOf(after)]
      if (status !== nextStatus) roomTransitions.add(status, nextStatus)
      const [phase, nextPhase] = [phaseOf(before), phaseOf(after)]
      if (phase !== nextPhase) sessionTransitions.add(phase, nextPhase)
    },
    left: (partition, left) => {
      for (const room of left) count(partition, room, null)
    },
  }
}
