import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { weights, type Weight } from '../../../schemas/events.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { Line } from './line.ts'
import { createRooms, type LocalRoom, type Rooms } from './rooms.ts'
import type { Recipient } from './recipient.ts'
import { lineWith, lineWithCount, MemoryClient } from './testing/clients.ts'
import { countLosses } from './testing/loss-counts.ts'

// Random histories of clients that read as they like, on connections of every kind, against what each of them must have got.

type Op =
  | {
      readonly op: 'message'
      readonly room: number
      readonly weight: Weight
      readonly size: number
      readonly to: number
      readonly ttlMs: number
    }
  | { readonly op: 'tick' }
  | { readonly op: 'wait'; readonly ms: number }
  | { readonly op: 'read'; readonly client: number; readonly frames: number }
  | { readonly op: 'acknowledge'; readonly client: number }
  | { readonly op: 'join' | 'leave'; readonly client: number; readonly room: number }

const roomNames = ['a', 'b'] as const
const kinds = [
  { windowBytes: null, socketBytes: 20_000 },
  { windowBytes: 4096, socketBytes: 1e9 },
  { windowBytes: 16_384, socketBytes: 1e9 },
  { windowBytes: null, socketBytes: 1e9 },
] as const
const maxSignalBytes = 1_000_000
const maxCommentBytes = 20_000

/** What a client must get of a room from its join on. */
type Due = { readonly signals: Line[]; comments: number; likes: number }

class World {
  nowMs = 1
  wokenFor: number | undefined
  readonly writing: (() => void)[] = []
  readonly clients = kinds.map((kind, index) => new MemoryClient({ uid: `u${index % 3}`, ...kind }))
  readonly rooms: Rooms<Recipient> = createRooms({ onUnused: () => {} })
  readonly local: readonly LocalRoom<Recipient>[] = roomNames.map((name) => this.rooms.expect(name, 0))
  readonly due = this.clients.map(() => new Map<string, Due>())
  readonly ended = this.clients.map((): { room: string; due: Due }[] => [])
  readonly delivery: Delivery
  switches = 0
  readonly losses = countLosses()
  /** Messages, once for each client that is in their room or for which they are. */
  came = 0
  sent = 0
  #pos = 0

  constructor() {
    this.delivery = createDelivery({
      rooms: this.rooms,
      policy: {
        maxSignalBytes,
        maxCommentBytes,
        commentsPerLike: 4,
        withCount: lineWithCount,
        maxQueuedBytes: 1e9,
        stallMs: 30_000,
        holdPerMemberMs: 5,
        maxHoldMs: 50,
      },
      ports: {
        publish: (room, frame) => {
          for (const client of this.clients) if (client.room.has(room)) client.carry(Buffer.from(frame).toString())
        },
        wake: (atMs) => {
          this.wokenFor = Math.min(this.wokenFor ?? Infinity, atMs)
        },
        whenWritten: (callback) => void this.writing.push(callback),
        now: () => this.nowMs,
        sent: (_, connections) => {
          this.sent += connections
        },
        sentBytes: () => {},
        leftOut: () => {},
        switched: () => {
          this.switches += 1
        },
        losses: this.losses.losses,
      },
    })
  }

  client(index: number): MemoryClient {
    const client = this.clients[index % this.clients.length]
    assert.ok(client)
    return client
  }

  room(index: number): LocalRoom<Recipient> {
    const room = this.local[index % this.local.length]
    assert.ok(room)
    return room
  }

  /** What is due by now is delivered, as the event loop would do it. */
  tick(): void {
    if (this.wokenFor === undefined || this.wokenFor > this.nowMs) return
    this.wokenFor = undefined
    this.delivery.tick()
    this.look()
  }

  perform(op: Op): void {
    switch (op.op) {
      case 'message':
        return this.message(op)
      case 'tick':
        return this.tick()
      case 'wait':
        for (const callback of this.writing.splice(0)) callback()
        this.nowMs += op.ms
        return this.tick()
      case 'read':
        return this.read(op.client, op.frames)
      case 'acknowledge':
        return this.acknowledge(op.client)
      case 'join':
        return this.join(op.client, op.room)
      case 'leave':
        return this.leave(op.client, op.room)
    }
  }

  message({ room: index, weight, size, to, ttlMs }: Op & { op: 'message' }): void {
    const room = this.room(index)
    const pos = this.#pos++
    const addressee = weight === 4 ? `u${to % 3}` : null
    const expiresAt = weight === 4 && ttlMs > 0 ? this.nowMs + ttlMs : Infinity
    const line = lineWith({ room: room.id, weight, pos, size, toUid: addressee, expiresAt, count: (pos % 3) + 1 })
    this.delivery.add(room, line)
    for (const [at, client] of this.clients.entries()) {
      const due = this.due[at]?.get(room.id)
      if (due === undefined) continue
      if (addressee === null || addressee === client.recipient.uid) this.came += 1
      if (weight === 8) due.comments += 1
      else if (weight === 9) due.likes += (pos % 3) + 1
      else if (addressee === null || addressee === client.recipient.uid) due.signals.push(line)
    }
  }

  read(index: number, frames: number): void {
    const client = this.client(index)
    client.readFrames(frames, (mark) => this.delivery.ponged(client.recipient, mark))
    if (client.hasDrained()) this.delivery.drained(client.recipient)
    this.look()
  }

  acknowledge(index: number): void {
    const client = this.client(index)
    this.delivery.acknowledged(client.recipient, client.readBytes)
    this.look()
  }

  join(at: number, index: number): void {
    const client = this.client(at)
    const room = this.room(index)
    const due = this.due[at % this.due.length]
    if (due?.has(room.id) !== false) return
    this.delivery.join(client.recipient, room, { greeting: ['{"op":"subscribed"}'], missed: [], gaps: [], after: null })
    due.set(room.id, { signals: [], comments: 0, likes: 0 })
    this.look()
  }

  leave(at: number, index: number): void {
    const client = this.client(at)
    const room = this.room(index)
    const due = this.due[at % this.due.length]
    const left = due?.get(room.id)
    if (due === undefined || left === undefined) return
    // What had come before must not be told from what it then no longer gets.
    this.delivery.flush(room)
    due.delete(room.id)
    this.ended[at % this.ended.length]?.push({ room: room.id, due: left })
    this.delivery.leave(client.recipient, room)
    this.look()
  }

  /** What must hold at every moment. */
  look(): void {
    for (const client of this.clients) {
      const { recipient } = client
      const { windowBytes } = recipient.flow
      const { bytes, objects } = client.bulkOnItsWay
      assert.ok(objects <= 1 || bytes <= windowBytes, `${bytes} bytes of bulk on their way, ${windowBytes} allowed`)
      assert.equal(recipient.flow.sent, client.sentBytes, 'what was sent is known without counting')
      assert.ok(!(recipient.outbox?.hasSignals === true) || recipient.isBlocked, 'a signal waits though it could leave')
      assert.equal(client.room.size, recipient.way === null ? 0 : 1)
      assert.equal(client.closedWith, undefined)
    }
  }

  /** Everybody reads everything, and nothing is left. */
  settle(): void {
    let quiet = 0
    for (let round = 0; round < 10_000 && quiet < 2; round += 1) {
      for (const callback of this.writing.splice(0)) callback()
      this.nowMs += 100
      this.tick()
      let isAny = false
      for (const [index, client] of this.clients.entries()) {
        isAny = client.readFrames(1_000, (mark) => this.delivery.ponged(client.recipient, mark)) || isAny
        if (client.hasDrained()) this.delivery.drained(client.recipient)
        this.acknowledge(index)
      }
      quiet = isAny || this.wokenFor !== undefined ? 0 : quiet + 1
    }
    assert.equal(quiet, 2, 'it comes to rest')
  }
}

type Read = {
  readonly op?: string
  readonly room: string
  readonly weight: Weight
  readonly pos: number
  readonly count?: number
  readonly dropped?: number
}

const checkClient = (world: World, index: number): void => {
  const client = world.client(index)
  const objects = client.read
    .map((text) => JSON.parse(text) as Read)
    .filter(({ op }) => op === undefined || op === 'gap')
  const due = world.due[index]
  for (const name of roomNames) {
    const own = objects.filter(({ room }) => room === name)
    for (const weight of [4, 5, 8, 9]) {
      const positions = own.filter((one) => one.op === undefined && one.weight === weight).map(({ pos }) => pos)
      assert.deepEqual(
        positions,
        positions.toSorted((a, b) => a - b),
        'in order inside a weight',
      )
      assert.equal(new Set(positions).size, positions.length, 'nothing twice')
    }
    const expected = due?.get(name)
    // After a leave nothing tells what was forgotten with it.
    if (expected === undefined || world.ended[index]?.some(({ room }) => room === name) === true) continue
    const signals = own.filter(({ op, weight }) => op === undefined && weight < 8).map(({ pos }) => pos)
    const must = expected.signals.filter(({ expiresAt }) => expiresAt === Infinity).map(({ pos }) => pos)
    const may = new Set(expected.signals.map(({ pos }) => pos))
    assert.deepEqual(
      must.filter((pos) => pos !== null && !signals.includes(pos)),
      [],
      'no signal is missing',
    )
    assert.deepEqual(
      signals.filter((pos) => !may.has(pos)),
      [],
      'no signal that is not for it',
    )
    const comments = own.filter(({ op, weight }) => op === undefined && weight === 8).length
    const dropped = own.filter(({ op }) => op === 'gap').reduce((sum, gap) => sum + (gap.dropped ?? 0), 0)
    assert.equal(comments + dropped, expected.comments, 'comments and gaps add up')
    const likes = own
      .filter(({ op, weight }) => op === undefined && weight === 9)
      .reduce((sum, { count = 0 }) => sum + count, 0)
    assert.equal(likes, expected.likes, 'likes add up')
  }
}

const client = fc.nat({ max: 3 })
const room = fc.nat({ max: 1 })
const size = fc.oneof({ weight: 6, arbitrary: fc.nat({ max: 300 }) }, { weight: 1, arbitrary: fc.nat({ max: 9_000 }) })
const message = fc.record({
  op: fc.constant('message' as const),
  room,
  weight: fc.oneof(
    { weight: 1, arbitrary: fc.constant(4 as const) },
    { weight: 1, arbitrary: fc.constant(5 as const) },
    { weight: 5, arbitrary: fc.constant(8 as const) },
    { weight: 3, arbitrary: fc.constant(9 as const) },
  ),
  size,
  to: fc.nat({ max: 2 }),
  ttlMs: fc.constantFrom(0, 0, 30, 200),
})
const operation: fc.Arbitrary<Op> = fc.oneof(
  { weight: 12, arbitrary: message },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('tick' as const) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.nat({ max: 60 }) }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('read' as const), client, frames: fc.nat({ max: 20 }) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('acknowledge' as const), client }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('join' as const), client, room }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('leave' as const), client, room }) },
)

/** What is kept by changes is what a look at everything finds. */
const checkCounts = ({ delivery, clients }: World): void => {
  const fast = clients.filter(({ recipient }) => recipient.way !== null)
  assert.equal(delivery.fast(), fast.length)
  for (const weight of weights) {
    const waiting = clients.reduce((sum, { recipient }) => sum + (recipient.outbox?.bytesOf(weight) ?? 0), 0)
    assert.equal(delivery.waitingBytes(weight), waiting)
  }
  const all = weights.reduce((sum, weight) => sum + delivery.waitingBytes(weight), 0)
  assert.equal(delivery.queuedBytes(), all)
}

test('whatever clients read and when, everything reaches them in weight order, on both ways and over all switches', () => {
  let switches = 0
  fc.assert(
    fc.property(fc.array(operation, { minLength: 20, maxLength: 250, size: 'max' }), (operations) => {
      const world = new World()
      for (const index of [0, 1, 2]) world.join(index, 0)
      for (const op of operations) {
        world.perform(op)
        checkCounts(world)
      }
      world.settle()
      checkCounts(world)
      for (const index of world.clients.keys()) checkClient(world, index)
      for (const { recipient } of world.clients) {
        assert.equal(recipient.outbox, null)
        assert.equal(recipient.way === null, recipient.rooms.length !== 1, 'who is in one room is back on the fast way')
      }
      assert.equal(world.delivery.queuedBytes(), 0)
      assert.equal(world.delivery.waiting(), 0)
      switches += world.switches
    }),
    { includeErrorInReport: true, numRuns: Number(process.env['HISTORIES'] ?? 300) },
  )
  assert.ok(switches > 1_000, `only ${switches} switches`)
})

test('what was sent, dropped and merged is all that came, once for each client', () => {
  let expired = 0
  let dropped = 0
  let merged = 0
  const stays = operation.filter(({ op }) => op !== 'leave')
  fc.assert(
    fc.property(fc.array(stays, { minLength: 20, maxLength: 250, size: 'max' }), (operations) => {
      const world = new World()
      for (const index of [0, 1, 2]) world.join(index, 0)
      for (const op of operations) world.perform(op)
      world.settle()
      const { losses } = world
      const lost = losses.dropped.queue_full + losses.dropped.expired + losses.merged.counted
      assert.equal(world.sent + lost, world.came)
      expired += losses.dropped.expired
      dropped += losses.dropped.queue_full
      merged += losses.merged.counted
    }),
    { includeErrorInReport: true, numRuns: Number(process.env['HISTORIES'] ?? 200) },
  )
  assert.ok(Math.min(expired, dropped, merged) > 10, `only ${expired} expired, ${dropped} dropped, ${merged} merged`)
})
