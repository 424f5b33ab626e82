import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decoded } from '../shared/codec/codec.ts'
import { Fault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { silentLog } from '../shared/log.ts'
import { createDecode } from './decode.ts'

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
  const unknown: string[] = []
  const stopping = new AbortController()
  const decode = createDecode({
    codec: {
      prepare: () => Promise.resolve(),
      encode: () => Buffer.alloc(0),
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
    countUnknown: (topic) => unknown.push(topic),
    log: silentLog,
    signal: stopping.signal,
  })
  return { decode, put, unknown, stopping }
}

test('a record is there at once when its schema is known', () => {
  const { decode } = stage([() => comment])
  assert.equal(decode.decode(message()), comment)
})

test('a record of a kind that is not known is counted and passed over', async () => {
  const notOurs: Decoded = { known: false, fullName: 'other.Thing' }
  const { decode, unknown, put } = stage([() => notOurs, () => Promise.resolve(notOurs)])
  assert.equal(decode.decode(message()), undefined)
  assert.equal(await decode.decode(message()), undefined)
  assert.deepEqual([unknown.length, put.length], [2, 0])
})

test('bytes that cannot be read are put aside, found out at once or later', async () => {
  const { decode, put } = stage([
    () => {
      throw unreadable
    },
    () => Promise.reject(unreadable),
  ])
  assert.equal(await decode.decode(message()), undefined)
  assert.equal(await decode.decode(message()), undefined)
  assert.equal(await decode.decode(message(null)), undefined)
  assert.deepEqual(put, ['RECORD_UNREADABLE', 'RECORD_UNREADABLE', 'RECORD_UNREADABLE'])
})

test('while the registry does not answer a record waits, and is not given up', async () => {
  const { decode, put } = stage([
    () => Promise.reject(unreachable),
    () => Promise.reject(unreachable),
    () => Promise.resolve(comment),
  ])
  assert.equal(await decode.decode(message()), comment)
  assert.deepEqual(put, [])
})

test('a record that is put aside waits until the dead-letter topic has it', async () => {
  const away = new Fault('BROKER_UNREACHABLE', 'no answer', { retriable: true })
  const { decode, put } = stage([() => Promise.reject(unreadable)], [away, away])
  assert.equal(await decode.decode(message()), undefined)
  assert.deepEqual(put, ['RECORD_UNREADABLE'])
})

test('who waits for the registry gives up when everything stops', async () => {
  const { decode, stopping } = stage([() => Promise.reject(unreachable), () => Promise.reject(unreachable)])
  const waiting = decode.decode(message())
  stopping.abort(new Error('stopping'))
  await assert.rejects(Promise.resolve(waiting))
})
