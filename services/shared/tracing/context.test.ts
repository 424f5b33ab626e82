import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remote } from '../../../test/support/collected-spans.ts'
import { isSampled, traceparentIn } from './context.ts'

const headersOf = (traceparent: string) => ({ traceparent: Buffer.from(traceparent) })

test('a traceparent is taken from the headers as it came', () => {
  for (const text of [remote.sampled, remote.unsampled]) assert.equal(traceparentIn(headersOf(text)), text)
  assert.equal(traceparentIn({}), undefined)
})

test('what nobody can go on from counts as absent', () => {
  const { traceId, spanId } = remote
  const bad = [
    '',
    'x',
    `01-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-0g`,
    `00-${traceId}-${spanId}-01\n`,
    `${remote.sampled}-more`,
  ]
  for (const text of bad) assert.equal(traceparentIn(headersOf(text)), undefined, text)
})

test('the lowest bit of the flags says whether a trace is recorded', () => {
  const withFlags = (flags: string): string => remote.sampled.slice(0, -2) + flags
  assert.deepEqual(['00', '01', '02', '03', 'ff', 'fe'].map(withFlags).map(isSampled), [
    false,
    true,
    false,
    true,
    true,
    false,
  ])
})
