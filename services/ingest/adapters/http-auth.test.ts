import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApiKeyCheck, createCallbackCheck } from './http-auth.ts'

const checkKey = createApiKeyCheck(['first-key-of-ours', 'other-key-of-ours'])
const statusOf = (checked: object | undefined): unknown =>
  checked === undefined || 'credential' in checked ? 200 : 'status' in checked && checked.status

test('every configured key lets in, and is the credential', () => {
  assert.deepEqual(checkKey('Bearer first-key-of-ours'), { credential: 'first-key-of-ours' })
  assert.deepEqual(checkKey('bearer other-key-of-ours'), { credential: 'other-key-of-ours' })
})

test('no key is 401, a wrong one 403', () => {
  assert.equal(statusOf(checkKey(undefined)), 401)
  assert.equal(statusOf(checkKey('')), 401)
  assert.equal(statusOf(checkKey('Basic first-key-of-ours')), 401)
  assert.equal(statusOf(checkKey('Bearer')), 401)
  assert.equal(statusOf(checkKey('Bearer first-key-of-our')), 403)
  assert.equal(statusOf(checkKey('Bearer first-key-of-ours-')), 403)
})

// md5 of push.test|1700000000|k and play.test|1700000000|k, computed with md5sum
const byPush = '9446e21d82f7f42b0a67d16694b85e7e'
const byPlay = '73f2443699033cf876af6fcd8bc05de3'
const signedAt = 1_700_000_000_000
const checkCallback = createCallbackCheck({ key: 'k', domains: ['push.test', 'play.test'] })

test('a callback signed for the push or the play host is let in', () => {
  assert.equal(checkCallback(byPush, '1700000000', signedAt), undefined)
  assert.equal(checkCallback(byPlay.toUpperCase(), '1700000000', signedAt + 300_000), undefined)
})

test('a callback without signature is 401, one with a wrong or stale signature 403', () => {
  assert.equal(statusOf(checkCallback(undefined, '1700000000', signedAt)), 401)
  assert.equal(statusOf(checkCallback(byPush, undefined, signedAt)), 401)
  assert.equal(statusOf(checkCallback(byPush, '1700000001', signedAt)), 403)
  assert.equal(statusOf(checkCallback(byPush, 'now', signedAt)), 403)
  assert.equal(statusOf(checkCallback(byPush, '1700000000', signedAt + 300_001)), 403)
  assert.equal(statusOf(checkCallback(byPush, '1700000000', signedAt - 300_001)), 403)
})
