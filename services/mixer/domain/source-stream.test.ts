import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SeenStream } from './source-look.ts'
import { isFlowing, restoredStream, stepSource } from './source-stream.ts'
import type { SourceEvent, SourceReport, SourceStream } from './source-stream.ts'

/** One room: follows its stream and checks at each step what may be reported. */
const follow = () => {
  const reports: SourceReport[] = []
  let stream: SourceStream | undefined
  const isPublished = (): boolean => {
    const last = reports.findLast((report) => report !== 'MixAvailable')
    return last === 'publish'
  }
  return {
    reports,
    isPublished,
    stream: () => stream,
    step: (event: SourceEvent): readonly SourceReport[] => {
      const wasFlowing = isFlowing(stream)
      const step = stepSource(stream, event)
      for (const report of step.reports) {
        assert.equal(report !== 'publish', isPublished(), `${report} after ${reports.join(' ')}`)
        reports.push(report)
      }
      stream = step.stream
      assert.equal(stream?.status === 'published', isPublished())
      const begins = isFlowing(stream) && !wasFlowing
      assert.deepEqual(
        step.reports.filter((report) => report === 'MixAvailable'),
        begins ? ['MixAvailable'] : [],
      )
      return step.reports
    },
    /** As after a restart with a journal, which holds what was published. */
    restart: (): void => {
      stream = stream?.status === 'published' ? restoredStream(stream) : undefined
    },
  }
}

const seenAt = (atMs: number, client = 1): SeenStream => ({ client, timestampMs: atMs, bytesIn: atMs, hasVideo: true })
const publishAt = (atMs: number, client = 1): SourceEvent => ({ type: 'publish', client, atMs })
const doneAt = (atMs: number, client = 1): SourceEvent => ({ type: 'publish_done', client, atMs })
const lookAt = (atMs: number, seen: SeenStream | undefined, rest: { startedAtMs?: number; server?: string } = {}) =>
  ({ type: 'look', startedAtMs: atMs, atMs, server: 'one', seen, ...rest }) as const

test('a stream is published, available after a second of frames, and ends', () => {
  const room = follow()
  room.step(publishAt(1_000))
  for (let at = 1_200; at <= 2_100; at += 100) room.step(lookAt(at, seenAt(at)))
  assert.deepEqual(room.reports, ['publish'])
  room.step(lookAt(2_200, seenAt(2_200)))
  room.step(lookAt(2_300, seenAt(2_300)))
  room.step(doneAt(2_400))
  assert.deepEqual(room.reports, ['publish', 'MixAvailable', 'publish_done'])
})

test('a second publisher of the name, refused by the media server, changes nothing', () => {
  const room = follow()
  room.step(publishAt(1_000, 1))
  room.step(publishAt(2_000, 2))
  room.step(doneAt(2_001, 2))
  room.step(lookAt(2_300, seenAt(2_300, 1)))
  assert.deepEqual(room.reports, ['publish'])
})

test('a publisher that took the place of one whose end was missed is another stream', () => {
  const room = follow()
  room.step(publishAt(1_000, 1))
  room.step(publishAt(9_000, 2))
  room.step(lookAt(9_300, seenAt(9_300, 2)))
  assert.deepEqual(room.reports, ['publish', 'publish_done', 'publish'])
  room.step(doneAt(9_400, 2))
  assert.equal(room.isPublished(), false)
})

test('the same connection number in another run of the media server is another stream', () => {
  const room = follow()
  room.step(publishAt(1_000))
  room.step(lookAt(1_200, seenAt(1_200)))
  room.step(lookAt(9_000, seenAt(9_000), { server: 'two' }))
  assert.deepEqual(room.reports, ['publish', 'publish_done', 'publish'])
})

test('a stream that two looks do not show has ended; one that was just notified is given a second', () => {
  const room = follow()
  room.step(publishAt(1_000))
  for (const at of [1_100, 1_400, 1_700, 1_999, 2_000]) room.step(lookAt(at, undefined))
  assert.deepEqual(room.reports, ['publish'])
  room.step(lookAt(2_300, undefined))
  assert.deepEqual(room.reports, ['publish', 'publish_done'])
})

test('two looks that miss a stream count only in a row', () => {
  const room = follow()
  room.step(publishAt(1_000))
  room.step(lookAt(3_000, undefined))
  room.step(lookAt(3_300, seenAt(3_300)))
  room.step(lookAt(3_600, undefined))
  assert.deepEqual(room.reports, ['publish'])
})

test('a look that began before the stream ended does not bring it back, a later one does', () => {
  const room = follow()
  room.step(publishAt(1_000))
  room.step(doneAt(2_000))
  room.step(lookAt(2_100, seenAt(1_990), { startedAtMs: 1_990 }))
  assert.deepEqual(room.reports, ['publish', 'publish_done'])
  room.step(lookAt(2_400, seenAt(2_400, 2)))
  assert.deepEqual(room.reports, ['publish', 'publish_done', 'publish'])
})

test('a look that began before a stream says nothing of it, though it shows the one before', () => {
  const room = follow()
  room.step(publishAt(1_000, 1))
  room.step(doneAt(2_000, 1))
  room.step(publishAt(2_001, 2))
  room.step(lookAt(2_100, seenAt(1_990, 1), { startedAtMs: 1_990 }))
  assert.deepEqual(room.reports, ['publish', 'publish_done', 'publish'])
})

test('a stream that begins while there are no statistics is given ten seconds, too', () => {
  const room = follow()
  room.step(publishAt(20_000))
  room.step({ type: 'blind', sinceMs: 0, atMs: 29_999 })
  assert.deepEqual(room.reports, ['publish'])
  room.step({ type: 'blind', sinceMs: 0, atMs: 30_000 })
  assert.deepEqual(room.reports, ['publish', 'publish_done'])
})

test('without statistics nothing flows after three seconds, nothing is published after ten, and both come back', () => {
  const room = follow()
  room.step(publishAt(0))
  for (let at = 0; at <= 1_500; at += 250) room.step(lookAt(at, seenAt(at)))
  room.step({ type: 'blind', sinceMs: 1_500, atMs: 4_499 })
  assert.ok(isFlowing(room.stream()))
  room.step({ type: 'blind', sinceMs: 1_500, atMs: 4_500 })
  assert.ok(!isFlowing(room.stream()))
  room.step({ type: 'blind', sinceMs: 1_500, atMs: 11_499 })
  assert.deepEqual(room.reports, ['publish', 'MixAvailable'])
  room.step({ type: 'blind', sinceMs: 1_500, atMs: 11_500 })
  for (let at = 12_000; at <= 13_000; at += 250) room.step(lookAt(at, seenAt(at)))
  assert.deepEqual(room.reports, ['publish', 'MixAvailable', 'publish_done', 'publish', 'MixAvailable'])
})

test('after a restart a stream goes on in silence, is available again, or has ended', () => {
  const [going, gone, changed] = [follow(), follow(), follow()]
  for (const room of [going, gone, changed]) {
    room.step(publishAt(0))
    room.step(lookAt(500, seenAt(500)))
    room.restart()
  }
  for (const at of [100, 400, 700, 1_100]) {
    going.step(lookAt(at, seenAt(at + 5_000)))
    gone.step(lookAt(at, undefined))
    changed.step(lookAt(at, seenAt(at + 5_000, 2)))
  }
  assert.deepEqual(going.reports, ['publish', 'MixAvailable'])
  assert.deepEqual(gone.reports, ['publish', 'publish_done'])
  assert.deepEqual(changed.reports, ['publish', 'publish_done', 'publish', 'MixAvailable'])
})

/** A media server with one name, whose notifications come late, in any order or not at all. */
const createWorld = () => {
  let server = 1
  let connections = 0
  let nowMs = 10_000
  let current: { client: number; timestampMs: number; bytesIn: number; hasVideo: boolean; moves: boolean } | undefined
  const pending: SourceEvent[] = []
  const notify = (type: 'publish' | 'publish_done', client: number): void =>
    void pending.push({ type, client, atMs: nowMs })
  return {
    now: () => nowMs,
    current: () => current,
    advance: (ms: number): void => {
      nowMs += ms
      if (current?.moves) current = { ...current, timestampMs: current.timestampMs + ms, bytesIn: current.bytesIn + ms }
    },
    connect: (hasVideo: boolean): void => {
      const client = ++connections
      notify('publish', client)
      if (current === undefined) current = { client, timestampMs: 0, bytesIn: 0, hasVideo, moves: true }
      else notify('publish_done', client)
    },
    disconnect: (): void => {
      if (current !== undefined) notify('publish_done', current.client)
      current = undefined
    },
    setMoving: (moves: boolean): void => {
      if (current !== undefined) current = { ...current, moves }
    },
    restart: (): void => {
      server++
      connections = 0
      current = undefined
    },
    /** One of the notifications under way, as it arrives now. */
    deliver: (nth: number): SourceEvent | undefined => {
      const [event] = pending.splice(nth % Math.max(1, pending.length), 1)
      return event !== undefined && (event.type === 'publish' || event.type === 'publish_done')
        ? { ...event, atMs: nowMs }
        : undefined
    },
    lose: (): void => void pending.splice(0),
    /** A look that began then and takes its picture now. */
    look: (startedAtMs: number) => {
      const picture = current && { ...current }
      const run = String(server)
      return (): SourceEvent => ({ type: 'look', startedAtMs, atMs: nowMs, server: run, seen: picture })
    },
  }
}

const action = fc.oneof(
  fc.record({ do: fc.constant('connect' as const), hasVideo: fc.boolean() }),
  fc.record({ do: fc.constantFrom('disconnect' as const, 'stall' as const, 'move' as const, 'lose' as const) }),
  fc.record({ do: fc.constantFrom('restart component' as const, 'restart server' as const, 'blind' as const) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deliver' as const), nth: fc.nat(3) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('look' as const),
      beforeMs: fc.nat(300),
      afterMs: fc.nat(400),
      nth: fc.nat(3),
    }),
  },
)

test('whatever comes in whatever order, reports alternate, and what is reported last is what is so', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const world = createWorld()
      const room = follow()
      let lookedAtMs = world.now()
      let hasEverVideo = false
      const look = (beforeMs: number, afterMs: number, deliverMeanwhile?: number): void => {
        const startedAtMs = world.now()
        world.advance(beforeMs)
        const end = world.look(startedAtMs)
        world.advance(afterMs)
        const event = deliverMeanwhile === undefined ? undefined : world.deliver(deliverMeanwhile)
        if (event !== undefined) room.step(event)
        room.step(end())
        lookedAtMs = world.now()
      }
      for (const what of actions) {
        world.advance(7)
        if (what.do === 'connect') {
          hasEverVideo ||= what.hasVideo
          world.connect(what.hasVideo)
        } else if (what.do === 'disconnect') world.disconnect()
        else if (what.do === 'stall') world.setMoving(false)
        else if (what.do === 'move') world.setMoving(true)
        else if (what.do === 'lose') world.lose()
        else if (what.do === 'restart server') world.restart()
        else if (what.do === 'restart component') room.restart()
        else if (what.do === 'blind') {
          world.advance(1_500)
          room.step({ type: 'blind', sinceMs: lookedAtMs, atMs: world.now() })
        } else if (what.do === 'deliver') {
          const event = world.deliver(what.nth)
          if (event !== undefined) room.step(event)
        } else if (what.do === 'look') look(what.beforeMs, what.afterMs, what.nth)
      }
      assert.ok(hasEverVideo || !room.reports.includes('MixAvailable'))
      world.lose()
      for (let nth = 0; nth < 20; nth++) look(10, 290)
      const current = world.current()
      assert.equal(room.isPublished(), current !== undefined)
      assert.equal(isFlowing(room.stream()), current !== undefined && current.hasVideo && current.moves)
    }),
    { numRuns: 2_000 },
  )
})

test('a stream that goes on is published once and available once, however late looks are and whoever else tries its name', () => {
  const calm = fc.oneof(
    fc.record({ do: fc.constant('another' as const) }),
    fc.record({ do: fc.constant('deliver' as const), nth: fc.constant(0) }),
    fc.record({ do: fc.constant('look' as const), beforeMs: fc.nat(900), afterMs: fc.nat(900) }),
  )
  fc.assert(
    fc.property(fc.array(calm, { maxLength: 60 }), (actions) => {
      const world = createWorld()
      const room = follow()
      const deliver = (nth: number): void => {
        const event = world.deliver(nth)
        if (event !== undefined) room.step(event)
      }
      world.connect(true)
      deliver(0)
      const look = (beforeMs: number, afterMs: number): void => {
        const startedAtMs = world.now()
        world.advance(beforeMs)
        const end = world.look(startedAtMs)
        world.advance(afterMs + 1)
        room.step(end())
      }
      for (const what of actions) {
        world.advance(7)
        if (what.do === 'another') world.connect(true)
        else if (what.do === 'deliver') deliver(what.nth)
        else look(what.beforeMs, what.afterMs)
      }
      for (let nth = 0; nth < 6; nth++) look(10, 290)
      assert.deepEqual(room.reports, ['publish', 'MixAvailable'])
    }),
    { numRuns: 1_000 },
  )
})
