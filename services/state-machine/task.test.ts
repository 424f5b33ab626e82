import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Room } from '../../schemas/types.generated.ts'
import { collectSpans, remote } from '../../test/support/collected-spans.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { silentLog } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { tracingOff, type Tracing } from '../shared/tracing/tracing.ts'
import { createBrokerClock } from './broker-clock.ts'
import type { Input, Output } from './domain/decide.ts'
import { create, invite } from './domain/testing/inputs.ts'
import { testRules } from './domain/testing/world.ts'
import { createTaskMetrics } from './metrics.ts'
import type { Like } from './like-totals.ts'
import type { Journal, LikeLane } from './ports.ts'
import { createTask, type Task } from './task.ts'

/**
 * One partition as the broker has it: the inputs, and what transactions committed; tasks come and go.
 * `traceparent`: of every input.
 */
const createPartition = ({
  tracing = tracingOff,
  traceparent = '',
}: { tracing?: Tracing; traceparent?: string } = {}) => {
  const inputs: Input[] = []
  const outputs: Output[] = []
  /** What the records of the outputs and the messages to other rooms carried. */
  const carried: unknown[] = []
  const states = new Map<string, Room>()
  const broken: unknown[] = []
  const givenUp: string[] = []
  const registry = createMetrics({ service: 'test' })
  const metrics = createTaskMetrics(registry)
  let next = 0
  let processedTo = 0
  let likesNext = 0
  let now = 1_000
  const likes: Like[] = []
  let follower: Parameters<LikeLane['follow']>[2] | undefined
  let failing = false
  let changed = Promise.withResolvers<void>()
  let task: Task | undefined

  const messageAt = (offset: number): IncomingMessage => ({
    topic: 'room.input.v1',
    partition: 0,
    offset,
    key: null,
    value: null,
    headers: traceparent === '' ? {} : { traceparent: Buffer.from(traceparent) },
    timestamp: now,
    size: 0,
  })
  const append = (input: Input): Promise<number> => {
    inputs.push(input)
    task?.take({ messages: [messageAt(inputs.length - 1)], position: inputs.length })
    return Promise.resolve(now)
  }
  const journal = (): Journal => ({
    restored: { rooms: new Map(states), next, likesNext, records: states.size },
    commit: (commit) => {
      if (failing) return Promise.reject(new Error('commit failed'))
      outputs.push(...commit.outputs)
      carried.push(...commit.outputs.map((output) => commit.traceparents.get(output)))
      for (const [roomId, room] of commit.rooms) {
        if (room === null) states.delete(roomId)
        else states.set(roomId, room)
      }
      next = commit.next
      likesNext = commit.likesNext
      changed.resolve()
      changed = Promise.withResolvers()
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  })

  return {
    outputs,
    carried,
    states,
    broken,
    givenUp,
    inputs,
    append,
    /** The sum of a metric's samples. */
    metric: async (name: string): Promise<number> =>
      ((await registry.getSingleMetric(name)?.get())?.values ?? []).reduce((sum, { value }) => sum + value, 0),
    text: () => registry.metrics(),
    /** Markers of transactions were appended behind the inputs. */
    passMarkers: (count: number) => task?.take({ messages: [], position: inputs.length + count }),
    task: () => task,
    /** What the lag was told: everything before this is decided. */
    processedTo: () => processedTo,
    start: () => {
      task = createTask({
        partition: 0,
        journal: journal(),
        readInput: ({ offset, timestamp }) => ({ position: offset, timestamp, input: inputs[offset] ?? null }),
        giveUp: (_message, why) => {
          givenUp.push(why)
          return Promise.resolve()
        },
        appender: {
          tellPeer: (record, cause) => {
            carried.push(cause)
            return append({ type: 'PeerMessage', record })
          },
          fireTimer: (record) => append({ type: 'TimerFired', record }),
          readClock: () => Promise.resolve(now),
        },
        likeLane: {
          follow: (_partition, from, take) => {
            follower = take
            take(likes.slice(from), likes.length)
            return () => (follower = undefined)
          },
        },
        now: () => now,
        clock: createBrokerClock(() => now),
        rules: testRules,
        metrics,
        lag: { processed: (_partition, offset) => (processedTo = offset) },
        groupId: 'test',
        tracing,
        log: silentLog,
        onDrained: () => {},
        onBroken: (error) => {
          broken.push(error)
          changed.resolve()
          changed = Promise.withResolvers()
        },
      })
      task.take({ messages: inputs.map((_input, offset) => messageAt(offset)), position: inputs.length })
    },
    stop: () => task?.close(),
    /** Somebody likes a room; the totals of what is there so far are due once a second has passed. */
    like: (roomId: string, count: number) => {
      const like = { roomId, count, offset: likes.length }
      likes.push(like)
      follower?.([like], likes.length)
    },
    fail: () => {
      failing = true
    },
    mend: () => {
      failing = false
    },
    pass: (ms: number) => {
      now += ms
    },
    until: async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await changed.promise
    },
  }
}

test('what was committed is there for the next owner, and nothing is decided twice', async () => {
  const partition = createPartition()
  await partition.append(create('A'))
  partition.start()
  await partition.until(() => partition.states.has('A'))
  await partition.stop()
  await partition.append(create('B'))
  partition.start()
  await partition.until(() => partition.states.has('B'))
  await partition.stop()
  assert.deepEqual(
    partition.outputs.map(({ type, record }) => `${record.roomId} ${type}`),
    ['A RequestDecided', 'B RequestDecided'],
  )
})

test('behind the last input that was decided, markers of transactions are nothing to do', async () => {
  const partition = createPartition()
  await partition.append(create('A'))
  partition.start()
  partition.passMarkers(2)
  assert.equal(partition.task()?.decidedTo(), 0)
  await partition.until(() => partition.states.has('A'))
  await partition.stop()
  assert.equal(partition.task()?.decidedTo(), 3)
  assert.equal(partition.task()?.next(), 3)
})

test('a commit that fails breaks the task; the next one decides the same', async () => {
  const partition = createPartition()
  partition.fail()
  await partition.append(create('A'))
  partition.start()
  await partition.until(() => partition.broken.length === 1)
  await partition.stop()
  assert.deepEqual(partition.outputs, [])
  partition.mend()
  partition.start()
  await partition.until(() => partition.states.has('A'))
  await partition.stop()
  assert.equal(partition.outputs.length, 1)
})

test('a deadline that passed while nobody ran fires once at the restore, behind what the log already had', async () => {
  const partition = createPartition()
  await partition.append(create('A'))
  await partition.append(create('B'))
  partition.start()
  await partition.until(() => partition.states.size === 2)
  await partition.stop()
  partition.pass(testRules.graceMs)
  await partition.append({
    type: 'StreamNotified',
    record: { eventId: 'publish', roomId: 'B', occurredAt: 0, action: 'publish', cloudTime: null },
  })
  partition.start()
  await partition.until(() => partition.outputs.some(({ type }) => type === 'LiveEnded'))
  await partition.until(() => partition.states.get('B')?.status === 1)
  await partition.stop()
  assert.deepEqual(
    partition.outputs.filter(({ type }) => type === 'LiveEnded').map(({ record }) => record.roomId),
    ['A'],
  )
})

test('a message to another room is sent after the commit and leaves the state when it is acknowledged', async () => {
  const partition = createPartition()
  for (const roomId of ['A', 'B']) await partition.append(create(roomId))
  await partition.append(invite)
  partition.start()
  await partition.until(() => partition.outputs.some(({ type }) => type === 'CohostInvited'))
  await partition.until(() => [...partition.states.values()].every(({ outbox }) => outbox.length === 0))
  await partition.stop()
  assert.deepEqual(
    partition.inputs.filter(({ type }) => type === 'PeerMessage').map(({ record }) => record.roomId),
    ['B', 'A'],
  )
})

test('likes are totals of the rooms, once each, over restarts and failed commits', async () => {
  const partition = createPartition()
  for (const roomId of ['A', 'B']) await partition.append(create(roomId))
  partition.start()
  await partition.until(() => partition.states.size === 2)
  partition.like('A', 3)
  partition.like('B', 1)
  partition.like('A', 2)
  partition.pass(1_000)
  partition.like('B', 1)
  await partition.until(() => partition.states.get('A')?.likes === 5)
  await partition.stop()
  partition.like('A', 10)
  partition.like('unknown', 7)
  partition.fail()
  partition.start()
  partition.pass(1_000)
  partition.like('B', 1)
  await partition.until(() => partition.broken.length === 1)
  await partition.stop()
  partition.mend()
  partition.start()
  partition.pass(1_000)
  partition.like('A', 1)
  await partition.until(() => partition.states.get('A')?.likes === 16)
  await partition.stop()
  assert.equal(partition.states.get('B')?.likes, 3)
})

test('an input on which the decision fails is given up, and what comes behind it is decided', async () => {
  const partition = createPartition()
  await partition.append(create('A'))
  const faulty: Input = {
    type: 'CohostCloseRequested',
    record: {
      eventId: 'bad',
      roomId: 'A',
      occurredAt: 0,
      get notifiedRoomId(): string {
        throw new Error('a fault of the decision')
      },
    },
  }
  await partition.append(faulty)
  await partition.append(create('B'))
  partition.start()
  await partition.until(() => partition.states.has('B'))
  await partition.stop()
  assert.deepEqual([partition.givenUp, partition.broken], [['the decision failed on it'], []])
})

test('what is committed is counted once, and a partition that was closed is in no gauge any more', async () => {
  const partition = createPartition()
  for (const roomId of ['A', 'B']) await partition.append(create(roomId))
  partition.fail()
  partition.start()
  await partition.until(() => partition.broken.length === 1)
  assert.deepEqual([await partition.metric('roomcast_requests_decided_total'), partition.processedTo()], [0, 0])
  await partition.stop()
  partition.mend()
  partition.start()
  await partition.until(() => partition.states.size === 2)
  partition.pass(testRules.graceMs)
  await partition.append(create('C'))
  await partition.until(() => partition.outputs.filter(({ type }) => type === 'LiveEnded').length === 2)
  await partition.stop()
  assert.equal(await partition.metric('roomcast_requests_decided_total'), 3)
  assert.equal(await partition.metric('roomcast_timers_fired_total'), 2)
  assert(partition.processedTo() >= 3)
  assert.match(await partition.text(), /roomcast_derived_seconds_count\{weight="5",.*\} 2/)
  for (const gauge of ['roomcast_rooms', 'roomcast_timers_pending', 'roomcast_sessions']) {
    assert.equal(await partition.metric(gauge), 0, gauge)
  }
})

test('a trace passes through as it came where nothing is traced, to outputs and to other rooms', async () => {
  const partition = createPartition({ traceparent: remote.sampled })
  for (const input of [create('A'), create('B'), invite]) await partition.append(input)
  partition.start()
  await partition.until(() => partition.outputs.some(({ type }) => type === 'CohostInvited'))
  await partition.stop()
  assert.ok(partition.carried.length >= 4)
  assert.deepEqual(new Set(partition.carried), new Set([remote.sampled]))
})

test('spans of a transaction end as failed when its commit fails, and who decides again has spans of his own', async () => {
  const { tracing, ended } = collectSpans()
  const partition = createPartition({ tracing, traceparent: remote.sampled })
  const stepsOf = () => ended().map(({ name, hasFailed }) => `${name} ${hasFailed ? 'failed' : 'done'}`)
  partition.fail()
  await partition.append(create('A'))
  partition.start()
  await partition.until(() => partition.broken.length === 1)
  await partition.stop()
  assert.deepEqual(stepsOf(), ['commit room.input.v1 failed', 'process room.input.v1 failed'])
  partition.mend()
  partition.start()
  await partition.until(() => partition.states.has('A'))
  await partition.stop()
  assert.deepEqual(stepsOf().slice(2), ['commit room.input.v1 done', 'process room.input.v1 done'])
  const [, , , decided] = ended()
  assert.deepEqual(partition.carried, [`00-${remote.traceId}-${decided?.spanId}-01`])
})
