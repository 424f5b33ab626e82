import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planLoad } from './plan-load.ts'

const pace = { graceMs: 3_000, inviteTtlMs: 2_500 }

const planFor = (seed: number, ms: number) => {
  const planned = []
  for (const one of planLoad({ seed, rooms: 200, rate: 300, pace, mintRoomId: (attempt) => `system${attempt}` })) {
    if (one.atMs >= ms) return planned
    planned.push(one)
  }
  return planned
}

test('the same seed gives the same inputs, another seed others', () => {
  assert.deepEqual(planFor(1, 5_000), planFor(1, 5_000))
  assert.notDeepEqual(planFor(1, 5_000), planFor(2, 5_000))
})

test('inputs come in the order of their moments, at about the rate', () => {
  const planned = planFor(3, 30_000)
  for (const [index, { atMs }] of planned.entries()) assert.ok(atMs >= (planned[index - 1]?.atMs ?? 0))
  const rate = planned.length / 30
  assert.ok(rate > 200 && rate < 400, `${rate} inputs a second`)
})

test('every kind of request and callback occurs, and some come twice under one id', () => {
  const planned = planFor(4, 30_000)
  const types = new Set(planned.map(({ event }) => event.type))
  for (const type of [
    'LiveCreateRequested',
    'LiveLeaveRequested',
    'AudienceJoined',
    'CohostInviteRequested',
    'CohostCancelRequested',
    'CohostFeedbackRequested',
    'CohostCloseRequested',
    'StreamNotified',
    'MixAvailabilityNotified',
    'MixStatusNotified',
  ] as const) {
    assert.ok(types.has(type), type)
  }
  const ids = planned.map(({ event }) => event.record.eventId)
  assert.ok(new Set(ids).size < ids.length)
})
