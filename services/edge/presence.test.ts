import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { silentLog } from '../shared/log.ts'
import { createMetrics } from '../shared/metrics.ts'
import { createPresence, type Presence } from './presence.ts'
import type { Report } from './domain/reports.ts'

const expiryMs = 60_000
const changeMs = 2_000
const tickMs = 250

type Edge = {
  readonly presence: Presence
  readonly here: Map<string, number>
  /** What each room was told last. */
  readonly told: Map<string, number>
  readonly open: Set<number>
}

/** Edges over one log in memory, under one clock that is moved by hand. Rooms `0…` lie in partition 0, `1…` in partition 1. */
const createStage = () => {
  const log: { readonly report: Report; readonly at: number }[] = []
  const edges = new Map<string, Edge>()
  let now = 0
  let starts = 0
  let isWritable = true
  const partitionOf = (room: string): number => Number(room[0])

  const startEdge = (name: string): void => {
    starts += 1
    const here = new Map<string, number>()
    const told = new Map<string, number>()
    const open = new Set<number>()
    const presence = createPresence({
      presenceLog: {
        open: async (partition) => {
          if (open.has(partition)) return
          open.add(partition)
          for (const { report, at } of log) {
            if (partitionOf(report.room) === partition && at >= now - expiryMs) presence.take(report, now - at)
          }
        },
        close: (partition) => open.delete(partition),
        isWritable: () => true,
        write: async (report) => {
          if (!isWritable) throw new Error('the broker is away')
          log.push({ report, at: now })
          for (const edge of edges.values()) if (edge.open.has(partitionOf(report.room))) edge.presence.take(report, 0)
        },
      },
      instance: `${name}${starts}`,
      partitionOf,
      viewersHere: (room) => here.get(room) ?? 0,
      onCount: (room, count) => told.set(room, count),
      expiryMs,
      metrics: createMetrics({ service: 'edge' }),
      clock: { now: () => now },
      log: silentLog,
    })
    edges.set(name, { presence, here, told, open })
  }

  const users = (room: string): number => [...edges.values()].reduce((sum, { here }) => sum + (here.get(room) ?? 0), 0)

  return {
    log,
    startEdge,
    /** As many users are at that edge in that room now. */
    set: (name: string, room: string, count: number): void => {
      const edge = edges.get(name)
      if (edge === undefined) return
      const before = edge.here.get(room) ?? 0
      if (before === 0 && count > 0) void edge.presence.open(partitionOf(room))
      edge.here.set(room, count)
      if (before !== count) edge.presence.changed(room)
      // as a subscriber is told by 104
      if (before === 0 && count > 0) edge.told.set(room, edge.presence.viewers(room))
      const isUsed = [...edge.here].some(([one, viewers]) => viewers > 0 && partitionOf(one) === partitionOf(room))
      if (!isUsed) edge.presence.close(partitionOf(room))
    },
    /** Ends an edge: with a word to the others, or killed. */
    stop: async (name: string, isKilled: boolean): Promise<void> => {
      const edge = edges.get(name)
      edges.delete(name)
      if (!isKilled) await edge?.presence.withdraw()
    },
    setWritable: (value: boolean): void => void (isWritable = value),
    advance: async (ms: number): Promise<void> => {
      for (const end = now + ms; now < end;) {
        now = Math.min(end, now + tickMs)
        for (const { presence } of edges.values()) presence.tick()
        await Promise.resolve()
        await Promise.resolve()
      }
    },
    viewers: (name: string, room: string): number => edges.get(name)?.presence.viewers(room) ?? 0,
    told: (name: string, room: string): number | undefined => edges.get(name)?.told.get(room),
    users,
    /** What an edge with users in a room says of it, and told them, beside what is the case. */
    beliefs: (rooms: readonly string[]) =>
      [...edges].flatMap(([name, { here, told, presence }]) =>
        rooms
          .filter((room) => (here.get(room) ?? 0) > 0)
          .map((room) => ({ name, room, viewers: presence.viewers(room), told: told.get(room), users: users(room) })),
      ),
  }
}

test('users at two edges add up, and both rooms are told', async () => {
  const stage = createStage()
  for (const name of ['x', 'y']) stage.startEdge(name)
  stage.set('x', '0a', 2)
  stage.set('y', '0a', 3)
  await stage.advance(changeMs + tickMs)
  assert.deepEqual([stage.told('x', '0a'), stage.told('y', '0a')], [5, 5])
  stage.set('y', '0a', 0)
  await stage.advance(changeMs + tickMs)
  assert.equal(stage.told('x', '0a'), 2)
})

test('the first user at an edge finds those at the others, also when the edge knew its partition already', async () => {
  const stage = createStage()
  for (const name of ['x', 'y']) stage.startEdge(name)
  stage.set('x', '0a', 2)
  stage.set('x', '0b', 4)
  await stage.advance(50_000)
  stage.set('y', '0a', 1)
  assert.equal(stage.told('y', '0a'), 3)
  stage.set('y', '0b', 1)
  assert.equal(stage.told('y', '0b'), 5)
})

test('an edge that stops is forgotten at once, one that is killed when its reports expire', async () => {
  const stage = createStage()
  for (const name of ['x', 'y', 'z']) stage.startEdge(name)
  for (const name of ['x', 'y', 'z']) stage.set(name, '0a', 1)
  await stage.advance(30_000)
  assert.equal(stage.viewers('x', '0a'), 3)
  await stage.stop('y', false)
  assert.equal(stage.viewers('x', '0a'), 2)
  await stage.stop('z', true)
  await stage.advance(expiryMs / 2)
  assert.equal(stage.viewers('x', '0a'), 2)
  await stage.advance(expiryMs / 2 + 2 * changeMs)
  assert.deepEqual([stage.viewers('x', '0a'), stage.told('x', '0a')], [1, 1])
})

test('what a partition’s log has from before it was read counts from when it was written', async () => {
  const stage = createStage()
  for (const name of ['x', 'y']) stage.startEdge(name)
  stage.set('x', '0a', 1)
  await stage.advance(1_000)
  await stage.stop('x', true)
  await stage.advance(expiryMs - 10_000)
  stage.set('y', '0a', 1)
  assert.equal(stage.viewers('y', '0a'), 2)
  await stage.advance(10_000 + changeMs)
  assert.equal(stage.viewers('y', '0a'), 1)
})

test('a number that could not be written is repaired by the next refresh', async () => {
  const stage = createStage()
  for (const name of ['x', 'y']) stage.startEdge(name)
  stage.set('x', '0a', 1)
  stage.setWritable(false)
  stage.set('y', '0a', 1)
  await stage.advance(5_000)
  stage.setWritable(true)
  await stage.advance(10_000)
  assert.equal(stage.viewers('x', '0a'), 1)
  await stage.advance(expiryMs / 3)
  assert.deepEqual([stage.viewers('x', '0a'), stage.viewers('y', '0a')], [2, 2])
})

const names = ['x', 'y', 'z']
const rooms = ['0a', '0b', '1a']
const name = fc.constantFrom(...names)
const acts = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ act: fc.constant('set'), name, room: fc.constantFrom(...rooms), count: fc.nat(4) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ act: fc.constant('wait'), ms: fc.constantFrom(0, 100, 1_000, 2_500, 25_000) }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('restart'), name, isKilled: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('writable'), value: fc.boolean() }) },
  ),
  { maxLength: 40 },
)

test('whatever happens, every edge comes to the right number, and so do the users', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (script) => {
      const stage = createStage()
      for (const one of names) stage.startEdge(one)
      for (const step of script) {
        if ('room' in step) stage.set(step.name, step.room, step.count)
        else if ('ms' in step) await stage.advance(step.ms)
        else if ('isKilled' in step) {
          await stage.stop(step.name, step.isKilled)
          stage.startEdge(step.name)
        } else stage.setWritable(step.value)
      }
      stage.setWritable(true)
      await stage.advance(expiryMs + expiryMs / 3 + 2 * changeMs)
      for (const { viewers, told, users, ...of } of stage.beliefs(rooms)) {
        assert.deepEqual({ ...of, viewers, told }, { ...of, viewers: users, told: users })
      }
    }),
  )
})

test('without failures, every edge has the right number as soon as two seconds are over', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (script) => {
      const stage = createStage()
      for (const one of names) stage.startEdge(one)
      for (const step of script) {
        if ('room' in step) stage.set(step.name, step.room, step.count)
        else if ('ms' in step) await stage.advance(step.ms)
        else if ('isKilled' in step) {
          await stage.stop(step.name, false)
          stage.startEdge(step.name)
        }
      }
      await stage.advance(2 * (changeMs + tickMs))
      for (const { viewers, told, users, ...of } of stage.beliefs(rooms)) {
        assert.deepEqual({ ...of, viewers, told }, { ...of, viewers: users, told: users })
      }
    }),
  )
})

test('a room is written at most twice in two seconds by one edge, however often its users come and go', async () => {
  const stage = createStage()
  stage.startEdge('x')
  for (let round = 0; round < 100; round += 1) {
    stage.set('x', '0a', round % 2)
    await stage.advance(tickMs)
  }
  const windows = (100 * tickMs) / changeMs
  assert.ok(stage.log.length <= 2 * (windows + 1), String(stage.log.length))
  assert.ok(stage.log.length >= windows, String(stage.log.length))
})
