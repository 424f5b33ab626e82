import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { units } from '../units.ts'

export const roomsRow = (q: Queries): Row => ({
  title: 'Rooms, sessions and deadlines',
  lines: [
    [
      graph({
        title: 'Rooms by instance',
        unit: units.count,
        queries: [q.sum('roomcast_rooms', { by: 'instance' })],
        shows: 'Rooms with state, in the partitions that each instance has.',
        normal: 'spread as the partitions are.',
        next: 'one is at 0: its partitions went to others. A line that ends: that instance is gone.',
        heading: 'InstanceDown',
      }),
      graph({
        title: 'Rooms change their status',
        unit: units.perSecond,
        queries: [
          busy((of) => q.rate('roomcast_room_transitions_total', of), { by: 'from, to', legend: '{{from}} → {{to}}' }),
        ],
        shows: 'Committed changes of the status of rooms.',
        normal: 'as many rooms end as begin.',
        next: 'many rooms end at once: an app or a client version that closes them.',
      }),
      graph({
        title: 'Sessions by phase',
        unit: units.count,
        queries: [q.sum('roomcast_sessions', { by: 'phase' })],
        shows: 'Rooms that are in a session, by its phase; a session has two rooms.',
        normal: 'mostly mixed; held, starting and stopping for moments.',
        next: 'starting grows: the mixer or the cloud. held for long: the other room, in another partition.',
        heading: 'MixCommandsFail',
      }),
      graph({
        title: 'Sessions change their phase',
        unit: units.perSecond,
        queries: [
          busy((of) => q.rate('roomcast_session_transitions_total', of), {
            by: 'from, to',
            legend: '{{from}} → {{to}}',
          }),
        ],
        shows: 'Committed changes of the phase of sessions, once for each room.',
        normal: 'agreed → starting → mixed → stopping → none.',
        next: 'starting → agreed: mixes that fail.',
        heading: 'MixCommandsFail',
      }),
    ],
    [
      graph({
        title: 'Deadlines pending',
        unit: units.count,
        queries: [q.sum('roomcast_timers_pending', { by: 'instance' })],
        shows: 'Deadlines in the committed states: expiry of invites, grace after a break, time for a mix.',
        normal: 'follows the number of rooms.',
        next: 'grows while none fires: they are late.',
        heading: 'TimersLate',
      }),
      graph({
        title: 'Deadlines that ran out, by kind',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_timers_fired_total', of), { by: 'kind' })],
        shows: 'Deadlines that were appended to room.input.v1.',
        normal: 'invites that nobody answers; tombstones of ended rooms.',
        next: 'grace: streams that break. mix-start, mix-stop: a cloud that does not answer. reserve-again, reserved-again: a session of two rooms asks the other room again, whose partition stands still.',
        heading: 'TimersLate',
      }),
      graph({
        title: 'How late deadlines are',
        unit: units.seconds,
        queries: q.quantiles('roomcast_timer_lateness_seconds'),
        steps: ['green', [5, 'red']],
        none: 'none was due',
        shows: "How long after its time, by the broker's clock, a deadline was appended.",
        normal: 'below 0.5 s; once late after a standstill.',
        next: 'see lag and transactions.',
        heading: 'TimersLate',
      }),
      graph({
        title: 'Likes that nobody can count',
        unit: units.count,
        queries: [q.sum('roomcast_likes_lost_total', { legend: 'records' })],
        shows: 'Records of likes that the topic had dropped before they were counted.',
        normal: '0.',
        next: 'push.like.v1 keeps records for too short, or this service was away for longer than that.',
      }),
    ],
  ],
})
