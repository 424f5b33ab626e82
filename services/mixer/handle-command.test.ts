import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOf } from '../../test/contract/mix-cloud.ts'
import { collectSpans, remote } from '../../test/support/collected-spans.ts'
import type { MixCommandAnswered } from '../../schemas/types.generated.ts'
import type { Decoded } from '../shared/codec/codec.ts'
import { Fault } from '../shared/fault.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { silentLog } from '../shared/log.ts'
import { tracingOff, type Cause, type Tracing } from '../shared/tracing/tracing.ts'
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

/** Handles one message; `decoded` and `puts` are what the codec and the broker do, one after the other. `waits` is what is told. */
const handle = async (
  given: IncomingMessage,
  {
    decoded,
    puts = [],
    waits = [],
    tracing = tracingOff,
  }: { decoded: ReadonlyArray<Decoded | Fault>; puts?: readonly Fault[]; waits?: string[]; tracing?: Tracing },
  signal = new AbortController().signal,
) => {
  const results: Array<readonly [MixCommandAnswered, Cause]> = []
  const deadLetters: Fault[] = []
  const unknown: string[] = []
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
    putResult: async (answered, cause) => {
      const trouble = troubles.next().value
      if (trouble !== undefined) throw trouble
      results.push([answered, cause])
    },
    putDeadLetter: async (_, fault) => {
      const trouble = troubles.next().value
      if (trouble !== undefined) throw trouble
      deadLetters.push(fault)
    },
    reading: {
      unknown: (topic) => void unknown.push(topic),
      waits: (waitingFor, change) => void waits.push(`${waitingFor} ${change}`),
    },
    onAnswered: () => {},
    tracing,
    log: silentLog,
  })(given, signal)
  return { results, deadLetters, unknown, waits }
}

test('the answer goes on with the trace of its command', async () => {
  const { results } = await handle(message(Buffer.of(1), { traceparent: Buffer.from(remote.sampled) }), {
    decoded: [command],
  })
  assert.deepEqual(
    results.map(([{ eventId }, cause]) => [eventId, cause]),
    [['roomA.start.1.answer', remote.sampled]],
  )
})

test('a command that is recorded is a span until its answer is on Kafka, or it was given up', async () => {
  const { tracing, ended } = collectSpans()
  const given = message(Buffer.of(1), { traceparent: Buffer.from(remote.sampled) })
  const { results } = await handle(given, { decoded: [command], tracing })
  const lost = new Fault('RECORD_INVALID', 'x')
  await assert.rejects(handle(given, { decoded: [command], puts: [lost], tracing }))
  const [span] = ended()
  assert.deepEqual(
    ended().map(({ name, parentId, hasFailed }) => [name, parentId, hasFailed]),
    [false, true].map((hasFailed) => ['process t', remote.spanId, hasFailed]),
  )
  const [cause] = results.map(([, from]) => from)
  assert.equal(typeof cause === 'object' ? cause.traceparent.split('-')[2] : undefined, span?.spanId)
})

test('a registry and a broker that do not answer are waited for', async () => {
  const { results, deadLetters } = await handle(message(Buffer.of(1)), { decoded: [away, command], puts: [away] })
  assert.deepEqual([results.length, deadLetters], [1, []])
})

test('that a command waits for the registry, or for the dead-letter topic, is told once, and that it does no more', async () => {
  const read = await handle(message(Buffer.of(1)), { decoded: [away, away, command] })
  assert.deepEqual(read.waits, ['registry 1', 'registry -1'])
  const put = await handle(message(Buffer.of(1)), { decoded: [bad], puts: [away] })
  assert.deepEqual(put.waits, ['dead_letter 1', 'dead_letter -1'])
})

test('waiting ends when the partition is taken away', async () => {
  const controller = new AbortController()
  const waits: string[] = []
  const pending = handle(message(Buffer.of(1)), { decoded: [away, away], waits }, controller.signal)
  controller.abort()
  await assert.rejects(pending)
  assert.deepEqual(waits, ['registry 1', 'registry -1'])
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
  assert.deepEqual([results.length, unknown], [0, ['t']])
})

test('a fault that time does not heal is the caller’s', async () => {
  await assert.rejects(handle(message(Buffer.of(1)), { decoded: [command], puts: [new Fault('RECORD_INVALID', 'x')] }))
})
