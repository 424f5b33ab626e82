import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDelivery, type Delivery, type DeliveryPolicy } from './delivery.ts'
import type { Line } from './line.ts'
import type { Gap } from './outbox.ts'
import { createRooms, type LocalRoom } from './rooms.ts'
import type { Recipient } from './recipient.ts'
import { lineWith, lineWithCount, MemoryClient } from './testing/clients.ts'
import { countLosses } from './testing/loss-counts.ts'

type Stage = {
  readonly delivery: Delivery
  readonly room: (name: string) => LocalRoom<Recipient>
  readonly client: (uid: string, over?: { windowBytes?: number | null; socketBytes?: number }) => MemoryClient
  readonly join: (client: MemoryClient, ...rooms: readonly string[]) => MemoryClient
  readonly add: (...lines: readonly Line[]) => void
  /** Lets time pass, ticks, and has everything written. */
  readonly advance: (ms: number) => void
  /** Ticks, and nothing is written yet. */
  readonly tick: () => void
  readonly frames: string[]
  readonly told: { readonly sent: (readonly [number, number])[]; readonly gaps: Gap[]; readonly wakes: number[] }
  readonly counts: ReturnType<typeof countLosses>
}

const createStage = (over: Partial<DeliveryPolicy> = {}): Stage => {
  const rooms = createRooms<Recipient>({ onUnused: () => {} })
  const clients: MemoryClient[] = []
  const frames: string[] = []
  const told: Stage['told'] = { sent: [], gaps: [], wakes: [] }
  const counts = countLosses()
  const writing: (() => void)[] = []
  let nowMs = 1_000
  const delivery = createDelivery({
    rooms,
    policy: {
      maxSignalBytes: 5_000,
      maxCommentBytes: 1_000,
      commentsPerLike: 4,
      withCount: lineWithCount,
      maxQueuedBytes: 100_000,
      stallMs: 30_000,
      holdPerMemberMs: 1,
      maxHoldMs: 10,
      ...over,
    },
    ports: {
      publish: (room, frame) => {
        const text = Buffer.from(frame).toString()
        frames.push(text)
        for (const client of clients) if (client.room.has(room)) client.carry(text)
      },
      wake: (atMs) => void told.wakes.push(atMs),
      whenWritten: (callback) => void writing.push(callback),
      now: () => nowMs,
      sent: ({ weight }, connections) => void told.sent.push([weight, connections]),
      sentBytes: () => {},
      leftOut: (gap) => void told.gaps.push(gap),
      switched: () => {},
      losses: counts.losses,
    },
  })
  const room = (name: string): LocalRoom<Recipient> => rooms.get(name) ?? rooms.expect(name, 0)
  return {
    delivery,
    room,
    client: (uid, { windowBytes = null, socketBytes = Infinity } = {}) => {
      const client = new MemoryClient({ uid, windowBytes, socketBytes })
      clients.push(client)
      return client
    },
    join: (client, ...names) => {
      for (const name of names) {
        delivery.join(client.recipient, room(name), { greeting: [], missed: [], gaps: [], after: null })
      }
      return client
    },
    add: (...lines) => {
      for (const line of lines) delivery.add(room(line.room), line)
    },
    advance: (ms) => {
      nowMs += ms
      delivery.tick()
      for (const callback of writing.splice(0)) callback()
    },
    tick: delivery.tick,
    frames,
    told,
    counts,
  }
}

const size = 100
const signal = (pos: number, over: Partial<Line> = {}): Line => ({
  ...lineWith({ room: 'a', weight: 5, pos, size }),
  ...over,
})
const invite = (pos: number, toUid: string, expiresAt = Infinity): Line =>
  lineWith({ room: 'a', weight: 4, pos, size, toUid, expiresAt })
const comment = (pos: number, room = 'a', bytes = size): Line => lineWith({ room, weight: 8, pos, size: bytes })
const like = (pos: number): Line => lineWith({ room: 'a', weight: 9, pos, size })

/** For example `5:1`, `9:4x3`, `gap`, `?` for anything else. */
const shown = (texts: readonly string[]): readonly string[] =>
  texts.map((text) => {
    const { op, weight, pos, count } = JSON.parse(text)
    return op ?? `${weight}:${pos}${count === undefined ? '' : `x${count}`}`
  })

const readAll = (client: MemoryClient, delivery: Delivery): readonly string[] => {
  client.readFrames(1_000, (mark) => delivery.ponged(client.recipient, mark))
  return shown(client.read)
}

test('one frame is published for everyone in a room, in weight order', () => {
  const { join, client, add, advance, frames, told, delivery } = createStage()
  const [first, second] = [join(client('u1'), 'a'), join(client('u2'), 'a')]
  add(like(1), comment(2), signal(3), like(4), comment(5))
  advance(0)
  assert.equal(frames.length, 1)
  for (const one of [first, second]) assert.deepEqual(readAll(one, delivery), ['5:3', '8:2', '8:5', '9:4x2'])
  assert.deepEqual(told.sent, [
    [5, 2],
    [8, 2],
    [8, 2],
    [9, 2],
  ])
})

test('a message for one user reaches every connection of that user, before what is shared, and nobody else', () => {
  const { join, client, add, advance, delivery } = createStage()
  const phone = join(client('u1'), 'a')
  const laptop = join(client('u1'), 'a', 'b')
  const other = join(client('u2'), 'a')
  add(comment(1), invite(1, 'u1'))
  advance(0)
  assert.deepEqual(readAll(phone, delivery), ['4:1', '8:1'])
  assert.deepEqual(readAll(laptop, delivery), ['4:1', '8:1'])
  assert.deepEqual(readAll(other, delivery), ['8:1'])
})

test('what comes for several rooms of a connection in one turn leaves by weight', () => {
  const { join, client, add, advance, delivery } = createStage()
  const both = join(client('u1'), 'b', 'a')
  add(comment(1, 'b'), signal(1), invite(2, 'u1'))
  advance(0)
  assert.deepEqual(readAll(both, delivery), ['4:2', '5:1', '8:1'])
})

test('comments and likes that follow others wait a little for more, signals do not', () => {
  const { join, client, add, advance, told, delivery } = createStage()
  const one = join(client('u1'), 'a')
  join(client('u2'), 'a')
  add(comment(1))
  advance(0)
  add(comment(2))
  assert.equal(told.wakes.at(-1), 1_002, 'a millisecond for each member')
  advance(1)
  assert.deepEqual(readAll(one, delivery), ['8:1'])
  add(signal(1))
  assert.equal(told.wakes.at(-1), 0)
  advance(0)
  assert.deepEqual(readAll(one, delivery), ['8:1', '5:1', '8:2'])
})

test('while comments of a large room are being written the next ones wait, however long that takes', () => {
  const { join, client, add, advance, tick, told, delivery, frames } = createStage()
  const one = join(client('u1'), 'a')
  add(comment(1))
  tick()
  add(comment(2))
  tick()
  assert.deepEqual([frames.length, told.wakes], [1, [0]])
  add(signal(3))
  tick()
  assert.deepEqual(readAll(one, delivery), ['8:1', '5:3', '8:2'], 'a signal takes along what waits')
  add(comment(4))
  advance(0)
  assert.equal(frames.length, 2)
  assert.equal(told.wakes.at(-1), 1_001)
  advance(1)
  assert.equal(frames.length, 3)
})

test('a tick that finds something for later asks to be woken for it', () => {
  const { join, client, add, advance, told } = createStage()
  join(client('u1'), 'a')
  add(comment(1))
  advance(0)
  add(comment(2))
  told.wakes.length = 0
  advance(0)
  assert.deepEqual(told.wakes, [1_001])
})

test('a slow client gets an invite past its window, and no more than a window of comments before', () => {
  const { join, client, add, advance, delivery } = createStage({ holdPerMemberMs: 0 })
  const slow = join(client('u1', { windowBytes: 4096 }), 'a')
  const fast = join(client('u2', { windowBytes: 1024 * 1024 }), 'a')
  for (let pos = 0; pos < 100; pos += 1) {
    add(comment(pos))
    advance(0)
  }
  add(invite(1, 'u1'))
  advance(0)
  const bytes = slow.carried.reduce((sum, one) => sum + one.bytes, 0)
  assert.ok(bytes <= 4096 + 200, `${bytes}`)
  assert.equal(readAll(slow, delivery).at(-1), '4:1')
  assert.equal(readAll(fast, delivery).length, 100)
  delivery.acknowledged(slow.recipient, slow.readBytes)
  const seen = readAll(slow, delivery)
  const gap = slow.read.map((text) => JSON.parse(text)).find(({ op }) => op === 'gap')
  assert.equal(seen.filter((one) => one.startsWith('8:')).length + gap.dropped, 100)
  assert.equal(seen.at(-1), '8:99')
})

test('a client with too much of weights 4 and 5 unacknowledged has to go', () => {
  const { join, client, add, advance } = createStage()
  const slow = join(client('u1'), 'a', 'b')
  const silent = join(client('u2', { windowBytes: 4096 }), 'a')
  for (let pos = 0; pos < 33; pos += 1) {
    add(signal(pos))
    advance(0)
  }
  assert.deepEqual([slow.closedWith, silent.closedWith], [undefined, undefined])
  for (let pos = 33; pos < 60; pos += 1) {
    add(signal(pos))
    advance(0)
  }
  assert.deepEqual([slow.closedWith, silent.closedWith], ['tooSlow', 'tooSlow'])
})

test('a socket that takes no more is left alone until it has drained; then what waits leaves by weight', () => {
  const { join, client, add, advance, delivery } = createStage({ maxSignalBytes: 1e6 })
  const slow = join(client('u1', { socketBytes: 300 }), 'a', 'b')
  add(comment(1), comment(2), comment(3))
  advance(0)
  add(comment(4), signal(5), invite(6, 'u1'))
  advance(20)
  assert.equal(slow.carried.length, 3)
  slow.readFrames(10, () => {})
  assert.ok(slow.hasDrained())
  delivery.drained(slow.recipient)
  assert.deepEqual(readAll(slow, delivery), ['8:1', '8:2', '8:3', '4:6', '5:5', '8:4'])
})

test('who is owed signals and makes no progress for thirty seconds has to go; who confirms them stays', () => {
  const { join, client, add, advance, delivery } = createStage()
  const gone = join(client('u1'), 'a')
  const alive = join(client('u2'), 'a')
  add(signal(1))
  advance(0)
  for (let nowMs = 1; nowMs <= 30_001; nowMs += 1_000) {
    for (const one of [gone, alive]) delivery.watch(one.recipient, nowMs)
    if (nowMs > 11_000) readAll(alive, delivery)
    assert.equal(gone.closedWith, nowMs > 30_000 ? 'tooSlow' : undefined)
  }
  assert.equal(alive.closedWith, undefined)
})

test('a client to which only comments are owed may take its time', () => {
  const { join, client, add, advance, delivery } = createStage()
  const slow = join(client('u1', { windowBytes: 4096 }), 'a')
  add(...Array.from({ length: 100 }, (_, pos) => comment(pos)))
  advance(0)
  delivery.watch(slow.recipient, 1)
  delivery.watch(slow.recipient, 1_000_000)
  assert.equal(slow.closedWith, undefined)
})

test('who joins gets its greeting, what was left out and missed, then what is live, each by weight', () => {
  const { client, room, add, advance, delivery } = createStage({ holdPerMemberMs: 0 })
  const back = client('u1')
  add(signal(1), comment(1))
  delivery.join(back.recipient, room('a'), {
    greeting: ['{"op":"subscribed"}', '{"op":"state"}'],
    missed: [comment(7), signal(8), invite(9, 'u1'), like(3), like(4)],
    gaps: [{ weight: 8, dropped: 3, reason: 'too_many' }],
    after: null,
  })
  add(comment(20), signal(21))
  advance(0)
  assert.deepEqual(readAll(back, delivery), [
    'subscribed',
    'state',
    '4:9',
    '5:8',
    'gap',
    '8:7',
    '9:4x2',
    '5:21',
    '8:20',
  ])
})

test('a live invite overtakes the comments that were missed', () => {
  const { client, room, add, advance, delivery } = createStage({ maxCommentBytes: 100_000 })
  const back = client('u1', { windowBytes: 4096 })
  delivery.join(back.recipient, room('a'), {
    greeting: [],
    missed: Array.from({ length: 100 }, (_, pos) => comment(pos)),
    gaps: [],
    after: null,
  })
  add(invite(500, 'u1'))
  advance(0)
  const before = readAll(back, delivery)
  assert.equal(before.at(-1), '4:500')
  assert.ok(before.length < 40)
})

test('a client that was ahead of this edge gets nothing again, and follows as soon as the edge has caught up', () => {
  const { client, room, add, advance, delivery } = createStage({ holdPerMemberMs: 0 })
  const ahead = client('u1')
  delivery.join(ahead.recipient, room('a'), { greeting: [], missed: [], gaps: [], after: { 8: 5, 9: 7 } })
  add(comment(4), comment(5), like(7), signal(1))
  advance(0)
  assert.equal(ahead.recipient.way, null)
  add(comment(6), like(8))
  advance(0)
  assert.deepEqual(readAll(ahead, delivery), ['5:1', '8:6', '9:8x1'])
  assert.equal(ahead.recipient.way, room('a'))
})

test('who leaves a room gets nothing more of it, also of what waited, and all of the others', () => {
  const { join, client, room, add, advance, delivery } = createStage({ holdPerMemberMs: 0 })
  const slow = join(client('u1', { windowBytes: 4096 }), 'a', 'b')
  for (let pos = 0; pos < 60; pos += 1) add(comment(pos, pos % 2 === 0 ? 'a' : 'b'))
  advance(0)
  const seen = slow.carried.length
  delivery.leave(slow.recipient, room('a'))
  add(comment(100), comment(101, 'b'))
  advance(0)
  readAll(slow, delivery)
  delivery.acknowledged(slow.recipient, slow.readBytes)
  readAll(slow, delivery)
  const after = slow.read.slice(seen).map((text) => JSON.parse(text).room)
  assert.ok(after.length > 0)
  assert.deepEqual(new Set(after), new Set(['b']))
  assert.equal(slow.recipient.way, room('b'), 'in one room alone it is back on the fast way')
})

test('an invite that has expired is not delivered, on neither way', () => {
  const { join, client, add, advance, delivery } = createStage()
  const fast = join(client('u1'), 'a')
  const slow = join(client('u1', { socketBytes: 1 }), 'a', 'b')
  add(signal(1))
  advance(0)
  add(invite(2, 'u1', 1_010))
  advance(5)
  add(invite(3, 'u1', 1_003))
  advance(0)
  advance(20)
  slow.readFrames(10, () => {})
  assert.ok(slow.hasDrained())
  delivery.drained(slow.recipient)
  assert.deepEqual(readAll(fast, delivery), ['5:1', '4:2'])
  assert.deepEqual(readAll(slow, delivery), ['5:1'])
})

test('where memory is short comments wait in smaller numbers; signals wait in any case', () => {
  const { join, client, add, advance, delivery, told, counts } = createStage({
    maxCommentBytes: 20_000,
    maxQueuedBytes: 20_000,
    maxSignalBytes: 1e6,
  })
  const slow = [1, 2, 3].map((index) => join(client(`u${index}`, { socketBytes: 1 }), 'a', 'b'))
  add(signal(0))
  advance(0)
  for (let pos = 0; pos < 100; pos += 1) add(comment(pos))
  add(signal(1))
  advance(0)
  assert.ok(delivery.queuedBytes() < 20_000, `${delivery.queuedBytes()}`)
  assert.equal(delivery.waiting(), 3)
  assert.deepEqual([delivery.waitingBytes(4), delivery.waitingBytes(9)], [0, 0])
  assert.equal(delivery.waitingBytes(5) + delivery.waitingBytes(8), delivery.queuedBytes())
  for (const one of slow) {
    for (let round = 0; round < 200; round += 1) {
      one.readFrames(1, (mark) => delivery.ponged(one.recipient, mark))
      if (one.hasDrained()) delivery.drained(one.recipient)
    }
    const seen = shown(one.read)
    assert.deepEqual(seen.slice(0, 2), ['5:0', '5:1'])
    assert.equal(seen.at(-1), '8:99')
  }
  assert.deepEqual([delivery.queuedBytes(), delivery.waiting()], [0, 0])
  assert.equal(told.gaps.length, 3)
  assert.equal(
    counts.dropped.memory_full,
    told.gaps.reduce((sum, { dropped }) => sum + (dropped ?? NaN), 0),
  )
})

test('a connection that ends leaves nothing behind', () => {
  const { join, client, room, add, advance, delivery } = createStage()
  const gone = join(client('u1', { socketBytes: 1 }), 'a', 'b')
  const fast = join(client('u2'), 'a')
  add(signal(1))
  advance(0)
  add(signal(2), comment(1))
  advance(20)
  assert.ok(delivery.queuedBytes() > 0)
  assert.equal(delivery.fast(), 1)
  for (const { recipient } of [gone, fast]) {
    recipient.isClosed = true
    delivery.leaveAll(recipient)
  }
  assert.deepEqual([delivery.queuedBytes(), delivery.waiting(), room('a').members.size], [0, 0, 0])
  assert.equal(room('a').slow.size, 0)
  assert.deepEqual([delivery.fast(), delivery.waitingBytes(5), delivery.waitingBytes(8)], [0, 0, 0])
})

test('what a mark is not means nothing', () => {
  const { join, client, add, advance, delivery } = createStage()
  const one = join(client('u1'), 'a')
  add(signal(1))
  advance(0)
  for (const mark of ['', 'x', '-1', '1e9', '1.5', ' 7', '99999999999999999999']) delivery.ponged(one.recipient, mark)
  assert.equal(one.recipient.flow.confirmed, 0)
  delivery.ponged(one.recipient, '999999')
  assert.equal(one.recipient.flow.inFlight, 0, 'more than was sent is all')
})
