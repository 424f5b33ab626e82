// deadline: 240 s
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import { createReader } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { newRoomId } from '../support/edge-records.ts'
import { openStateMachineStage } from '../support/state-machine-stage.ts'
import { until } from '../support/until.ts'

const roomCount = 40
const likesEach = 500

test('the totals of likes are exact although the process that counts them is killed again and again', async (t) => {
  const { kafka, codec, machine, partitions } = await openStateMachineStage(t, { signal: AbortSignal.timeout(100_000) })
  const limits = { maxBufferedMessages: 100_000, maxBufferedBytes: 32 << 20, deliveryTimeoutMs: 20_000 }
  const producer = await createBatchingProducer({ kafka, ...limits, log: silentLog })
  t.after(() => producer.close())

  const rooms = Array.from({ length: roomCount }, newRoomId)
  /** What the states say, in the order in which they were committed. */
  const totals = new Map<string, number>()
  let falls = 0
  const reader = await createReader({
    kafka,
    topic: topics.roomState.name,
    maxWaitMs: 50,
    minBytes: 1,
    maxBytes: 4 << 20,
    onMessages: async ({ messages }) => {
      for (const { value } of messages) {
        const decoded = value === null ? undefined : await codec.decode(value)
        if (decoded?.known !== true || decoded.type !== 'Room') continue
        const { roomId, likes } = decoded.record
        // Other tests on this broker had rooms, too.
        if (!rooms.includes(roomId)) continue
        if (likes < (totals.get(roomId) ?? 0)) falls += 1
        totals.set(roomId, likes)
      }
    },
    onOutOfRange: () => 'earliest',
    log: silentLog,
  })
  t.after(() => reader.close())
  for (let partition = 0; partition < partitions; partition += 1) reader.add(partition, 0)

  await machine.start()
  for (const roomId of rooms) {
    const record = { eventId: randomUUID(), roomId, occurredAt: Date.now(), uid: 'u', name: null, description: null }
    const value = codec.encode(topics.roomInput, 'LiveCreateRequested', record)
    await producer.send({ topic: topics.roomInput.name, key: roomId, value })
  }
  await until('the rooms are there', () => rooms.every((roomId) => totals.has(roomId)), 60_000)

  const like = (roomId: string, count: number): Promise<unknown> => {
    const record = { eventId: randomUUID(), roomId, occurredAt: Date.now(), uid: 'fan', name: 'Fan', count }
    return producer.send({
      topic: topics.pushLike.name,
      key: roomId,
      value: codec.encode(topics.pushLike, 'Liked', record),
    })
  }
  const sum = (): number => rooms.reduce((all, roomId) => all + (totals.get(roomId) ?? 0), 0)
  const expected = new Map(rooms.map((roomId, index) => [roomId, likesEach * (index + 1)]))
  const rounds = 2
  for (let round = 0; round < rounds; round += 1) {
    const before = sum()
    const sent = rooms.flatMap((roomId, index) =>
      Array.from({ length: likesEach / rounds }, () => like(roomId, index + 1)),
    )
    await Promise.all(sent)
    // A part of them is in the states, another part is not.
    await until('some likes are counted', () => sum() > before, 60_000)
    await machine.kill()
    await machine.start()
  }
  const isExact = (): boolean => rooms.every((roomId) => totals.get(roomId) === expected.get(roomId))
  await until('every total is right', isExact, 60_000)
  // What was counted twice would show with the next like.
  await Promise.all(rooms.map((roomId) => like(roomId, 1)))
  const one = (roomId: string): number => (expected.get(roomId) ?? 0) + 1
  await until(
    'the next like is counted',
    () => rooms.every((roomId) => (totals.get(roomId) ?? 0) >= one(roomId)),
    60_000,
  )
  assert.deepEqual(
    new Map(rooms.map((roomId) => [roomId, totals.get(roomId)])),
    new Map(rooms.map((id) => [id, one(id)])),
  )
  assert.equal(falls, 0, 'no total ever fell')
})
