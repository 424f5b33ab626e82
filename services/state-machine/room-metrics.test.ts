import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Room } from '../../schemas/types.generated.ts'
import { createMetrics } from '../shared/metrics.ts'
import { starting } from './domain/testing/session.ts'
import { World } from './domain/testing/world.ts'
import { createRoomMetrics } from './room-metrics.ts'

const free = ((): Room => {
  const world = new World()
  world.create('A')
  return world.room('A')
})()

const { session } = starting().room('A')
assert(session !== null)
/** The same room in that phase of a session. */
const inPhase = (phase: string): Room => ({ ...free, session: { ...session, phase } })
const timersOf = (room: Room): number => room.timers.length

const stage = () => {
  const metrics = createMetrics({ service: 'test' })
  return {
    rooms: createRoomMetrics(metrics),
    /** Samples that are not 0, as `label,label value`. */
    read: async (name: string): Promise<readonly string[]> => {
      const values = (await metrics.getSingleMetric(name)?.get())?.values ?? []
      return values
        .filter(({ value }) => value !== 0)
        .map(({ labels, value }) => `${Object.values(labels).join('>')} ${value}`.trim())
    },
  }
}

test('what a restore brings is in the gauges, and is no transition', async () => {
  const { rooms, read } = stage()
  rooms.entered(3, [free, inPhase('mixed'), inPhase('mixed'), inPhase('held')])
  assert.deepEqual(await read('roomcast_rooms'), ['3 4'])
  assert.deepEqual(await read('roomcast_sessions'), ['held 1', 'mixed 2'])
  assert.deepEqual(await read('roomcast_timers_pending'), [String(4 * timersOf(free))])
  assert.deepEqual(await read('roomcast_room_transitions_total'), [])
  assert.deepEqual(await read('roomcast_session_transitions_total'), [])
})

test('every phase and status that is passed is counted, and the gauges have the last', async () => {
  const { rooms, read } = stage()
  const steps: readonly (Room | null)[] = [
    free,
    inPhase('agreed'),
    inPhase('mixed'),
    { ...inPhase('mixed'), likes: 7 },
    { ...free, status: 1 },
    { ...free, status: 2, timers: [] },
  ]
  let before: Room | undefined
  for (const step of steps) {
    rooms.changed(0, before, step)
    before = step ?? undefined
  }
  assert.deepEqual(await read('roomcast_room_transitions_total'), [
    'none>created 1',
    'created>pushing 1',
    'pushing>ended 1',
  ])
  assert.deepEqual(await read('roomcast_session_transitions_total'), [
    'none>agreed 1',
    'agreed>mixed 1',
    'mixed>none 1',
  ])
  assert.deepEqual(await read('roomcast_sessions'), [])
  assert.deepEqual(await read('roomcast_timers_pending'), [])
  assert.deepEqual(await read('roomcast_rooms'), ['0 1'])
})

test('a tombstone takes a room, its session and its deadlines out of the gauges', async () => {
  const { rooms, read } = stage()
  rooms.entered(0, [inPhase('stopping'), free])
  rooms.changed(0, inPhase('stopping'), null)
  assert.deepEqual(await read('roomcast_rooms'), ['0 1'])
  assert.deepEqual(await read('roomcast_sessions'), [])
  assert.deepEqual(await read('roomcast_timers_pending'), [String(timersOf(free))])
  assert.deepEqual(await read('roomcast_room_transitions_total'), ['created>none 1'])
})

test('a partition that goes to another instance leaves nothing behind, and is no transition', async () => {
  const { rooms, read } = stage()
  rooms.entered(0, [inPhase('mixed'), free])
  rooms.entered(1, [inPhase('held')])
  rooms.left(0, [inPhase('mixed'), free])
  assert.deepEqual(await read('roomcast_rooms'), ['1 1'])
  assert.deepEqual(await read('roomcast_sessions'), ['held 1'])
  assert.deepEqual(await read('roomcast_session_transitions_total'), [])
})
