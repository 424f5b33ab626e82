import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { withSignal } from './with-signal.ts'

const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  sleep(10_000, undefined, { signal }).catch((error: Error) => error.cause)

test('the work aborts as soon as one of the signals does, with its reason', async () => {
  const [first, second] = [new AbortController(), new AbortController()]
  const working = withSignal({ signals: [first.signal, second.signal] }, untilAborted)
  second.abort('enough')
  assert.equal(await working, 'enough')
})

test('a signal that has aborted before aborts the work at once', async () => {
  assert.equal(await withSignal({ signals: [AbortSignal.abort('before')] }, untilAborted), 'before')
})

test('the work aborts after its time with a TimeoutError', async () => {
  const reason = await withSignal({ signals: [], timeoutMs: 1 }, untilAborted)
  assert.ok(reason instanceof DOMException && reason.name === 'TimeoutError')
})

test('nothing is left at the signals when the work is over, whether it went well or not', async () => {
  const { signal } = new AbortController()
  const during = await withSignal(
    { signals: [signal], timeoutMs: 10_000 },
    async () => getEventListeners(signal, 'abort').length,
  )
  assert.equal(during, 1)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  await assert.rejects(
    withSignal({ signals: [signal] }, () => Promise.reject(new Error('failed'))),
    /failed/,
  )
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})
