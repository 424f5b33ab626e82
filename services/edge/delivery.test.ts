import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '../shared/metrics.ts'
import { silentLog } from '../shared/log.ts'
import type { SendResult, Socket } from './adapters/websocket.ts'
import { newConnection, type Connection } from './connection.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { Weight } from '../../schemas/events.ts'
import type { Line } from './domain/line.ts'
import { createRooms, type Rooms } from './domain/rooms.ts'
import { createEdgeMetrics } from './metrics.ts'

/** A socket in memory: it takes frames until it is told to be full. */
type MemorySocket = Socket & {
  readonly frames: string[]
  isFull: boolean
  kept: number
  closedWith: number | undefined
}

const createMemorySocket = (): MemorySocket => {
  const socket: MemorySocket = {
    frames: [],
    isFull: false,
    kept: 0,
    closedWith: undefined,
    send: (frame): SendResult => {
      socket.frames.push(frame.toString())
      if (socket.isFull) socket.kept = 100_000
      return socket.isFull ? 'buffered' : 'sent'
    },
    bufferedBytes: () => socket.kept,
    ping: () => {},
    close: (code) => {
      socket.closedWith ??= code
    },
  }
  return socket
}

const line = (weight: Weight, pos: number, over: Partial<Line> = {}): Line => ({
  room: 'r1',
  weight,
  pos,
  bytes: Buffer.from(`${weight}:${pos}`),
  occurredAt: 0,
  toUid: null,
  expiresAt: Infinity,
  liked: weight === 9 ? { eventId: '', roomId: 'r1', occurredAt: 0, uid: '', name: '', count: 1 } : null,
  ...over,
})

type Stage = {
  readonly delivery: Delivery
  readonly join: (uid: string, ...rooms: readonly string[]) => { socket: MemorySocket; connection: Connection }
  readonly add: (...lines: readonly Line[]) => void
}

const createStage = (): Stage => {
  const rooms: Rooms<Connection> = createRooms({ onUnused: () => {} })
  const zero = (): number => 0
  const delivery = createDelivery({
    policy: {
      maxSignalBytes: 100,
      maxCommentBytes: 30,
      commentsPerLike: 4,
      withCount: (one, count) => ({ ...one, bytes: Buffer.from(`${one.weight}:${one.pos}x${count}`) }),
    },
    metrics: createEdgeMetrics({
      metrics: createMetrics({ service: 'test' }),
      gauges: { connections: zero, subscriptions: zero, queuedBytes: zero, rooms: zero },
    }),
    clock: { now: () => 1_000 },
    log: silentLog,
  })
  return {
    delivery,
    join: (uid, ...names) => {
      const socket = createMemorySocket()
      const connection = newConnection({ id: uid, socket, address: '', openedAt: 0 })
      connection.uid = uid
      for (const name of names) {
        rooms.expect(name, 0)
        rooms.join(name, connection)
        connection.rooms.add(name)
      }
      return { socket, connection }
    },
    add: (...lines) => {
      for (const one of lines) {
        const room = rooms.get(one.room)
        if (room !== undefined) delivery.add(room, one)
      }
    },
  }
}

const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what comes in one tick leaves in one frame, in weight order', async () => {
  const { join, add } = createStage()
  const { socket } = join('u1', 'r1')
  add(line(9, 1), line(8, 2), line(5, 3), line(4, 4))
  assert.deepEqual(socket.frames, [])
  await nextTick()
  assert.deepEqual(socket.frames, ['4:4\n5:3\n8:2\n9:1'])
})

test('a message for one user reaches all of that user’s connections in the room, and nobody else', () => {
  const { delivery, join, add } = createStage()
  const phone = join('u1', 'r1')
  const laptop = join('u1', 'r1')
  const elsewhere = join('u1', 'r2')
  const other = join('u2', 'r1')
  add(line(8, 1), line(4, 1, { toUid: 'u1' }))
  delivery.flush()
  assert.deepEqual(phone.socket.frames, ['4:1\n8:1'])
  assert.deepEqual(laptop.socket.frames, ['4:1\n8:1'])
  assert.deepEqual(other.socket.frames, ['8:1'])
  assert.deepEqual(elsewhere.socket.frames, [])
})

test('a message for a user who is alone in what it gets leaves the others without a frame', () => {
  const { delivery, join, add } = createStage()
  const invited = join('u1', 'r1')
  const other = join('u2', 'r1')
  add(line(4, 1, { toUid: 'u1' }))
  delivery.flush()
  assert.deepEqual([invited.socket.frames, other.socket.frames], [['4:1'], []])
})

test('weight order holds across the rooms of one connection', () => {
  const { delivery, join, add } = createStage()
  const { socket } = join('u1', 'r1', 'r2')
  add(line(8, 1), line(5, 2, { room: 'r2' }), line(4, 3, { room: 'r2' }))
  delivery.flush()
  assert.deepEqual(socket.frames, ['4:3\n5:2\n8:1'])
})

test('while a socket is full its messages wait, and leave by weight when it takes more', () => {
  const { delivery, join, add } = createStage()
  const { socket, connection } = join('u1', 'r1')
  const fast = join('u2', 'r1')
  socket.isFull = true
  add(line(8, 1))
  delivery.flush()
  add(line(9, 1), line(9, 2), line(8, 2))
  delivery.flush()
  add(line(5, 5), line(4, 6))
  delivery.flush()
  assert.deepEqual(socket.frames, ['8:1'])
  assert.ok(delivery.queuedBytes() > 0)
  assert.deepEqual(fast.socket.frames, ['8:1', '8:2\n9:1\n9:2', '4:6\n5:5'])

  socket.isFull = false
  delivery.drained(connection)
  assert.deepEqual(socket.frames, ['8:1'], 'the socket still holds too much')
  socket.kept = 0
  delivery.drained(connection)
  assert.deepEqual(socket.frames, ['8:1', '4:6\n5:5\n8:2\n9:2x2'])
  assert.equal(delivery.queuedBytes(), 0)

  add(line(8, 3))
  delivery.flush()
  assert.equal(socket.frames.at(-1), '8:3')
})

test('a full socket makes comments drop, and tells the client how many', () => {
  const { delivery, join, add } = createStage()
  const { socket, connection } = join('u1', 'r1')
  socket.isFull = true
  add(line(8, 0))
  delivery.flush()
  for (let pos = 1; pos <= 15; pos += 1) add(line(8, pos))
  delivery.flush()
  socket.isFull = false
  socket.kept = 0
  delivery.drained(connection)
  const [gap, ...rest] = (socket.frames[1] ?? '').split('\n')
  const { dropped } = JSON.parse(gap ?? '')
  assert.equal(dropped + rest.length, 15)
  assert.equal(rest.at(-1), '8:15')
})

test('more signals than may wait close the connection, and leave the others alone', () => {
  const { delivery, join, add } = createStage()
  const slow = join('u1', 'r1')
  const fast = join('u2', 'r1')
  slow.socket.isFull = true
  add(line(8, 1))
  delivery.flush()
  for (let pos = 1; pos <= 40; pos += 1) add(line(5, pos))
  delivery.flush()
  assert.equal(slow.socket.closedWith, 4001)
  assert.equal(fast.socket.closedWith, undefined)
})

test('an invite that has expired is not delivered', () => {
  const { delivery, join, add } = createStage()
  const { socket } = join('u1', 'r1')
  add(line(4, 1, { toUid: 'u1', expiresAt: 1_000 }), line(4, 2, { toUid: 'u1', expiresAt: 1_001 }))
  delivery.flush()
  assert.deepEqual(socket.frames, ['4:2'])
})

test('a burst that a socket takes is sent whole, in several frames, whatever may wait', () => {
  const { delivery, join, add } = createStage()
  const { socket } = join('u1', 'r1')
  add(...Array.from({ length: 10 }, (_, pos) => line(8, pos, { bytes: Buffer.alloc(20_000, 'x') })))
  delivery.flush()
  assert.equal(socket.frames.flatMap((frame) => frame.split('\n')).length, 10)
  assert.ok(socket.frames.length > 1)
})

test('who joins after a flush gets nothing of what was before', () => {
  const { delivery, join, add } = createStage()
  join('u1', 'r1')
  add(line(8, 1))
  delivery.flush()
  const late = join('u2', 'r1')
  delivery.flush()
  assert.deepEqual(late.socket.frames, [])
})
