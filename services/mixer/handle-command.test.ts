import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOf } from '../../test/contract/mix-cloud.ts'
import type { MixCommandAnswered } from '../../schemas/types.generated.ts'
import type { Decoded } from '../shared/codec/codec.ts'
import { Fault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { silentLog } from '../shared/log.ts'
import { answeredOf } from './domain/answer.ts'
import { createHandleCommand } from './handle-command.ts'

const message = (value: Buffer | null, headers: Record<string, Buffer> = {}): IncomingMessage => ({
  topic: 't',
  partition: 0,
  offset: 0,
  key: Buffer.from('roomA'),
  value,
  headers,
  timestamp: 0,
  size: 0,
})
const command = { known: true, type: 'StartMix', record: startOf('roomA', 'roomB') } as const
const away = new Fault('REGISTRY_UNREACHABLE', 'away', { retriable: true })
const bad = new Fault('RECORD_UNREADABLE', 'bad')

/** Handles one message; `decoded` and `puts` are what the codec and the broker do, one after the other. */
const handle = async (
  given: IncomingMessage,
  { decoded, puts = [] }: { decoded: ReadonlyArray<Decoded | Fault>; puts?: readonly Fault[] },
  signal = new AbortController().signal,
) => {
  const results: Array<readonly [MixCommandAnswered, string | undefined]> = []
  const deadLetters: Fault[] = []
  let unknown = 0
  const decodings = decoded.values()
  const troubles = puts.values()
  await createHandleCommand({
    codec: {
      decode: () => {
        const next = decodings.next().value
        if (next instanceof Fault || next === undefined) throw next ?? new Error('decoded once too often')
        return next
      },
    },
    carryOut: async (given) => answeredOf(given, { accepted: true, streamNames: ['m'] }, 1),
    putResult: async (answered, traceparent) => {
      const trouble = troubles.next().value
      if (trouble !== undefined) throw trouble
      results.push([answered, traceparent])
    },
    putDeadLetter: async (_, fault) => void deadLetters.push(fault),
    onUnknown: () => unknown++,
    onAnswered: () => {},
    log: silentLog,
  })(given, signal)
  return { results, deadLetters, unknown }
}

test('the answer goes on with the trace of its command', async () => {
  const { results } = await handle(message(Buffer.of(1), { traceparent: Buffer.from('00-a-b-01') }), {
    decoded: [command],
  })
  assert.deepEqual(
    results.map(([{ eventId }, traceparent]) => [eventId, traceparent]),
    [['roomA.start.1.answer', '00-a-b-01']],
  )
})

test('a registry and a broker that do not answer are waited for', async () => {
  const { results, deadLetters } = await handle(message(Buffer.of(1)), { decoded: [away, command], puts: [away] })
  assert.deepEqual([results.length, deadLetters], [1, []])
})

test('waiting ends when the partition is taken away', async () => {
  const controller = new AbortController()
  const pending = handle(message(Buffer.of(1)), { decoded: [away, away] }, controller.signal)
  controller.abort()
  await assert.rejects(pending)
})

test('what cannot be read, and a tombstone, go to the dead letters', async () => {
  assert.deepEqual((await handle(message(Buffer.of(1)), { decoded: [bad] })).deadLetters, [bad])
  const { deadLetters } = await handle(message(null), { decoded: [] })
  assert.deepEqual(
    deadLetters.map(({ code }) => code),
    ['RECORD_UNREADABLE'],
  )
})

test('a record of another type is passed over and counted', async () => {
  const { results, unknown } = await handle(message(Buffer.of(1)), { decoded: [{ known: false, fullName: 'x.Y' }] })
  assert.deepEqual([results.length, unknown], [0, 1])
})

test('a fault that time does not heal is the caller’s', async () => {
  await assert.rejects(handle(message(Buffer.of(1)), { decoded: [command], puts: [new Fault('RECORD_INVALID', 'x')] }))
})
