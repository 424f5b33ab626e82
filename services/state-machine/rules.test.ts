import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRules } from './rules.ts'

const rules = createRules({
  media: { pushHost: 'push', playHost: 'play', app: 'app', authKey: undefined, mixSuffix: '_mix' },
  graceMs: 1,
  inviteTtlMs: 2,
  mixTimeoutMs: 3,
})

test('what states hold of ids, and the ids of system rooms, are what they always were', () => {
  assert.equal(rules.fingerprint('3f0c1a52-9d1e-4c64-8f0a-2f4c3a1b7d90'), 's/eifwMU3R1')
  assert.equal(rules.mintRoomId('3f0c1a52-9d1e-4c64-8f0a-2f4c3a1b7d90.1'), 'f8d26054736d4b57')
})
