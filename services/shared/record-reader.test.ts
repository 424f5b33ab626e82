import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decoded } from './codec/codec.ts'
import { Fault } from './fault.ts'
import type { IncomingMessage } from './kafka/message.ts'
import { silentLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createRecordReader } from './record-reader.ts'

const message = (value: Buffer | null = Buffer.from('x')): IncomingMessage => ({
  topic: 'push.comment.v1',
  partition: 0,
  offset: 7,
  key: null,
  value,
  headers: {},
  timestamp: 0,
  size: 1,
})
const comment: Decoded = {
  known: true,
  type: 'Commented',
  record: { eventId: 'e', roomId: 'r', occurredAt: 0, uid: 'u', name: 'n', comment: 'c' },
}
const unreadable = new Fault('RECORD_UNREADABLE', 'bad bytes')
const unreachable = new Fault('REGISTRY_UNREACHABLE', 'no answer', { retriable: true })

/** A codec and a dead-letter topic that answer as they are told, one answer after the other. */
const stage = (answers: (() => Decoded | Promise<Decoded>)[], putFailures: Fault[] = []) => {
  const put: string[] = []
  const stopping = new AbortController()
  const metrics = createMetrics({ service: 'test' })
  const reader = createRecordReader({
    codec: {
      decode: () => {
        const answer = answers.shift()
        assert.ok(answer)
        return answer()
      },
    },
    deadLetters: {
      put: async (_message, fault) => {
        const failure = putFailures.shift()
        if (failure !== undefined) throw failure
        put.push(fault.code)
      },
    },
    metrics,
    log: silentLog,
    signal: stopping.signal,
  })
  const unknown = async (): Promise<number> =>
    (await metrics.getSingleMetric('roomcast_unknown_records_total')?.get())?.values.reduce(
      (sum, { value }) => sum + value,
      0,
    ) ?? 0
  const waits = async (waitingFor: string): Promise<number | undefined> =>
    (await metrics.getSingleMetric('roomcast_reading_waits')?.get())?.values.find(
      ({ labels }) => labels['waiting_for'] === waitingFor,
    )?.value
  return { reader, put, unknown, waits, stopping }
}

test('a record is there at once when its schema is known', () => {
  const { reader } = stage([() => comment])
  assert.equal(reader.read(message()), comment)
})

test('a record of a kind that is not known is counted and passed over', async () => {
  const notOurs: Decoded = { known: false, fullName: 'other.Thing' }
  const { reader, unknown, put } = stage([() => notOurs, () => Promise.resolve(notOurs)])
  assert.equal(reader.read(message()), undefined)
  assert.equal(await reader.read(message()), undefined)
  assert.deepEqual([await unknown(), put.length], [2, 0])
})

test('bytes that cannot be read are put aside, found out at once or later', async () => {
  const { reader, put } = stage([
    () => {
      throw unreadable
    },
    () => Promise.reject(unreadable),
  ])
  assert.equal(await reader.read(message()), undefined)
  assert.equal(await reader.read(message()), undefined)
  assert.equal(await reader.read(message(null)), undefined)
  assert.deepEqual(put, ['RECORD_UNREADABLE', 'RECORD_UNREADABLE', 'RECORD_UNREADABLE'])
})

test('while the registry does not answer a record waits, and is not given up', async () => {
  const { reader, put } = stage([
    () => Promise.reject(unreachable),
    () => Promise.reject(unreachable),
    () => Promise.resolve(comment),
  ])
  assert.equal(await reader.read(message()), comment)
  assert.deepEqual(put, [])
})

test('a record that is put aside waits until the dead-letter topic has it', async () => {
  const away = new Fault('BROKER_UNREACHABLE', 'no answer', { retriable: true })
  const { reader, put } = stage([() => Promise.reject(unreadable)], [away, away])
  assert.equal(await reader.read(message()), undefined)
  assert.deepEqual(put, ['RECORD_UNREADABLE'])
})

test('who waits for the registry gives up when everything stops', async () => {
  const { reader, stopping } = stage([() => Promise.reject(unreachable), () => Promise.reject(unreachable)])
  const waiting = reader.read(message())
  stopping.abort(new Error('stopping'))
  await assert.rejects(Promise.resolve(waiting))
})

test('who has a signal of his own gives up by it, while others go on', async () => {
  const { reader } = stage([() => Promise.reject(unreachable), () => comment])
  const own = new AbortController()
  const waiting = reader.read(message(), own.signal)
  own.abort(new Error('no longer wanted'))
  await assert.rejects(Promise.resolve(waiting), /no longer wanted/)
  assert.equal(reader.read(message()), comment)
})

test('what is waited for shows in a gauge as long as it does not answer, also while it is being asked', async () => {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<Decoded>()
  const { reader, waits } = stage([
    () => Promise.reject(unreachable),
    () => {
      asked.resolve()
      return answer.promise
    },
  ])
  assert.deepEqual([await waits('registry'), await waits('dead_letter')], [0, 0])
  const reading = reader.read(message())
  await asked.promise
  assert.deepEqual([await waits('registry'), await waits('dead_letter')], [1, 0])
  answer.resolve(comment)
  await reading
  assert.equal(await waits('registry'), 0)
})
