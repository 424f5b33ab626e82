import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import { decide, type Input } from '../../services/state-machine/domain/decide.ts'
import { testRules as rules } from '../../services/state-machine/domain/testing/world.ts'
import type { CommittedState } from './committed-states.ts'
import { replay, type LoggedInput } from './replay.ts'

/** A partition with its log: decides as the service does, a transaction at a time, and takes acknowledged messages out first. */
const createPartition = () => {
  const rooms = new Map<string, Room>()
  const inputs: LoggedInput[] = []
  const states: CommittedState[] = []
  const acknowledged = new Set<string>()
  return {
    inputs,
    states,
    outboxOf: (roomId: string): readonly PeerMessage[] => rooms.get(roomId)?.outbox ?? [],
    acknowledge: (...messages: readonly PeerMessage[]): void => {
      for (const { eventId } of messages) acknowledged.add(eventId)
    },
    commit: (...batch: readonly Input[]): void => {
      const changed = new Map<string, Room | null>()
      for (const [roomId, room] of rooms) {
        const outbox = room.outbox.filter(({ eventId }) => !acknowledged.has(eventId))
        if (outbox.length < room.outbox.length) changed.set(roomId, { ...room, outbox })
      }
      for (const input of batch) {
        const { roomId, occurredAt: timestamp } = input.record
        const position = inputs.length
        inputs.push({ position, timestamp, input })
        const before = changed.has(roomId) ? (changed.get(roomId) ?? null) : (rooms.get(roomId) ?? null)
        const decision = decide(before, input, { position, timestamp }, rules)
        if (decision.room !== before) changed.set(roomId, decision.room)
      }
      for (const [roomId, room] of changed) {
        states.push({ roomId, offset: states.length, room })
        if (room === null) rooms.delete(roomId)
        else rooms.set(roomId, room)
      }
    },
  }
}

const create = (roomId: string): Input => ({
  type: 'LiveCreateRequested',
  record: { eventId: `create-${roomId}`, roomId, occurredAt: 1_000, uid: `u${roomId}`, name: null, description: null },
})
const publish = (roomId: string): Input => ({
  type: 'StreamNotified',
  record: { eventId: `publish-${roomId}`, roomId, occurredAt: 2_000, action: 'publish', cloudTime: null },
})
const invite: Input = {
  type: 'CohostInviteRequested',
  record: {
    eventId: 'invite',
    roomId: 'a',
    occurredAt: 3_000,
    inviterUid: 'ua',
    inviterName: null,
    inviteeUid: 'ub',
    inviteeName: null,
    inviteeRoomId: 'b',
    type: 'side_by_side',
    inviterType: 2,
  },
}
const fire = (timer: string, subject: string, generation: number, occurredAt: number): Input => ({
  type: 'TimerFired',
  record: { eventId: `a.t${generation}`, roomId: 'a', occurredAt, timer, subject, generation },
})

/** Two rooms, and an invite from one to the other whose offer is acknowledged later than it is heard. */
const playInvite = () => {
  const partition = createPartition()
  partition.commit(create('a'), create('b'))
  partition.commit(publish('a'), publish('b'), invite)
  const [offer] = partition.outboxOf('a')
  assert.ok(offer)
  partition.commit({ type: 'PeerMessage', record: offer })
  partition.acknowledge(offer)
  const [offered] = partition.outboxOf('b')
  assert.ok(offered)
  partition.commit({ type: 'PeerMessage', record: offered })
  return partition
}

const check = ({ inputs, states }: Pick<ReturnType<typeof createPartition>, 'inputs' | 'states'>) =>
  replay({ log: 'states', inputs, states, rules })

test('the states of a service that works give no difference, whenever its messages were acknowledged', () => {
  const result = check(playInvite())
  assert.deepEqual(result.differences, [])
  assert.deepEqual(
    result.told.map(({ kind }) => kind),
    ['offer', 'offered'],
  )
  assert.equal(result.acknowledged.size, 1)
  assert.deepEqual(
    result.outputs.map(({ type }) => type),
    ['RequestDecided', 'RequestDecided', 'StreamPublished', 'StreamPublished', 'CohostInvited', 'RequestDecided'],
  )
})

test('a changed state is found', () => {
  const { inputs, states } = playInvite()
  const wrong = states.map((state, index) =>
    index === 2 && state.room !== null ? { ...state, room: { ...state.room, status: 2 } } : state,
  )
  assert.match(check({ inputs, states: wrong }).differences[0]?.what ?? '', /room a: status: expected 1, found 2/)
})

test('a last state that is missing is found', () => {
  const { inputs, states } = playInvite()
  const found = check({ inputs, states: states.slice(0, -2) }).differences
  assert.ok(found.some(({ kind }) => kind === 'missing'))
})

test('a room that was forgotten without a reason is found', () => {
  const { inputs, states } = playInvite()
  const found = check({ inputs, states: [...states, { roomId: 'b', offset: 99, room: null }] }).differences
  assert.deepEqual(
    found.map(({ kind, where }) => [kind, where]),
    [['unexpected', 'states offset 99']],
  )
})

test('a state of which an input was lost is found', () => {
  const { inputs, states } = playInvite()
  const found = check({
    inputs: inputs.filter(({ input }) => input?.record.eventId !== 'publish-b'),
    states,
  }).differences
  assert.notDeepEqual(found, [])
})

test('totals of likes are not of the inputs and are left out', () => {
  const { inputs, states } = playInvite()
  const liked = states.map((state) =>
    state.room === null ? state : { ...state, room: { ...state.room, likes: 7, likePos: 9 } },
  )
  assert.deepEqual(check({ inputs, states: liked }).differences, [])
})

test('a deadline counts once, a repeat of it is ignored, and one that took effect early is found', () => {
  const playGrace = (at: number) => {
    const partition = createPartition()
    partition.commit(create('a'))
    partition.commit(fire('grace', '', 1, at))
    partition.commit(fire('grace', '', 1, at + 10))
    return check(partition)
  }
  const due = 1_000 + rules.graceMs
  const late = playGrace(due + 500)
  assert.deepEqual(late.differences, [])
  assert.deepEqual([late.counts.fired, late.counts.latestFiringMs], [1, 500])
  assert.deepEqual([...late.counts.ignored], [['timer: stale', 1]])
  assert.match(playGrace(due - 1).differences[0]?.what ?? '', /took effect 1 ms before its time/)
})

test('an input on which the decision fails is passed over, as the service does, and named', () => {
  const { inputs, states } = playInvite()
  const failing: typeof decide = (room, input, at, given) => {
    if (input.record.eventId === 'poison') throw new Error('a planted fault')
    return decide(room, input, at, given)
  }
  const poison: Input = { type: 'LiveLeaveRequested', record: { eventId: 'poison', roomId: 'a', occurredAt: 9_000 } }
  const position = inputs.length
  const poisoned = [...inputs, { position, timestamp: 9_000, input: poison }]
  const result = replay({ log: 'states', inputs: poisoned, states, rules, decideInput: failing })
  assert.deepEqual([result.differences, result.failed], [[], [position]])
})
