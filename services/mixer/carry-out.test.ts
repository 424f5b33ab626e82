import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startOf, stopOf } from '../../test/contract/mix-cloud.ts'
import { collectSpans, remote } from '../../test/support/collected-spans.ts'
import { Fault } from '../shared/fault.ts'
import { silentLog } from '../shared/log.ts'
import { tracingOff } from '../shared/tracing/tracing.ts'
import { createCarryOut } from './carry-out.ts'
import type { MixAnswer, MixCloud } from './domain/cloud.ts'

const accepted: MixAnswer = { accepted: true, streamNames: ['m'] }
const refused = (error: string): MixAnswer => ({ accepted: false, error, message: 'why' })

/** A cloud that gives these answers one after the other, the last one for ever. */
const cloudOf = (...answers: ReadonlyArray<MixAnswer | Error | 'silent'>): MixCloud & { calls: () => number } => {
  let calls = 0
  const answer = (signal: AbortSignal): Promise<MixAnswer> => {
    const next = answers[Math.min(calls++, answers.length - 1)]
    if (next === 'silent' || next === undefined) return sleep(60_000, accepted, { signal })
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
  }
  return { startMix: (_, signal) => answer(signal), stopMix: (_, signal) => answer(signal), calls: () => calls }
}

/** Jitter that takes the most, to be quick. */
const random = (): number => 0.999
const carryOutAt = (cloud: MixCloud) =>
  createCarryOut({ cloud, now: Date.now, random, tracing: tracingOff, log: silentLog })
const never = new AbortController().signal
const within = (ms: number, command = startOf('roomA', 'roomB')) => ({
  type: 'StartMix' as const,
  record: { ...command, occurredAt: Date.now(), deadline: Date.now() + ms },
})

test('an InternalError is tried again, and the later answer counts', async () => {
  const cloud = cloudOf(refused('InternalError'), new Fault('MIX_REFUSED', 'cut', { retriable: true }), accepted)
  const answered = await carryOutAt(cloud)(within(20_000), never)
  assert.equal(answered.code, 200)
  assert.equal(cloud.calls(), 3)
})

test('an InternalError that lasts is answered with 3500 before the deadline', async () => {
  const command = within(1_000)
  const answered = await carryOutAt(cloudOf(refused('InternalError')))(command, never)
  assert.deepEqual([answered.code, answered.reason], [3500, 'InternalError'])
  assert.ok(answered.occurredAt < command.record.deadline)
})

test('each call of the cloud is a span of its own, which tells the word of a refusal', async () => {
  const { tracing, ended } = collectSpans()
  const cloud = cloudOf(
    refused('InternalError.Busy'),
    new Fault('CLOUD_UNREACHABLE', 'x', { retriable: true }),
    accepted,
  )
  const span = { traceparent: remote.sampled, end: () => {} }
  await createCarryOut({ cloud, now: Date.now, random, tracing, log: silentLog })(within(20_000), never, span)
  assert.deepEqual(
    ended().map(({ name, kind, parentId, attributes }) => [name, kind, parentId, attributes['error.type']]),
    ['InternalError', 'CLOUD_UNREACHABLE', undefined].map((error) => [
      'VideoCloud/StartMix',
      'CLIENT',
      remote.spanId,
      error,
    ]),
  )
})

test('any other refusal is final', async () => {
  const cloud = cloudOf(refused('NoSuchStream'), accepted)
  assert.equal((await carryOutAt(cloud)(within(20_000), never)).code, 3404)
  assert.equal(cloud.calls(), 1)
})

test('a cloud that does not answer is given up before the deadline', async () => {
  const command = within(400)
  const answered = await carryOutAt(cloudOf('silent'))(command, never)
  assert.deepEqual([answered.code, answered.reason], [3000, 'NoAnswer'])
  assert.ok(answered.occurredAt < command.record.deadline)
})

for (const word of ['Throttling.User', 'ServiceUnavailable'])
  test(`${word} is tried again like an InternalError, and the vendor's word is the answer when it lasts`, async () => {
    const passing = cloudOf(refused(word), refused(word), accepted)
    assert.equal((await carryOutAt(passing)(within(20_000), never)).code, 200)
    assert.equal(passing.calls(), 3)
    const lasting = cloudOf(refused(word))
    const answered = await carryOutAt(lasting)(within(1_000), never)
    assert.deepEqual([answered.code, answered.reason, answered.message], [3000, word, 'why'])
    assert.ok(lasting.calls() > 1)
  })

test('what the cloud said before it fell silent is the answer', async () => {
  const answered = await carryOutAt(cloudOf(refused('InternalError.Busy'), 'silent'))(within(1_000), never)
  assert.deepEqual([answered.code, answered.reason], [3500, 'InternalError.Busy'])
})

test('a start that comes after its deadline is not tried', async () => {
  const cloud = cloudOf(accepted)
  const answered = await carryOutAt(cloud)(within(-1), never)
  assert.deepEqual([answered.code, answered.reason, cloud.calls()], [3000, 'DeadlinePassed', 0])
})

test('a stop that comes after its deadline is tried all the same: nobody else would end that mix', async () => {
  const cloud = cloudOf(accepted)
  const record = { ...stopOf('roomA', 'roomB'), occurredAt: 0, deadline: 1 }
  assert.equal((await carryOutAt(cloud)({ type: 'StopMix', record }, never)).code, 200)
})

test('an interrupted command has no answer', async () => {
  const controller = new AbortController()
  const pending = carryOutAt(cloudOf('silent'))(within(20_000), controller.signal)
  controller.abort()
  await assert.rejects(pending)
})
