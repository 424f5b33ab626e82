import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApiKeyCheck, createCallbackCheck } from './http-auth.ts'

const checkKey = createApiKeyCheck(['first-key-of-ours', 'other-key-of-ours'])
const statusOf = (checked: object): unknown => ('status' in checked ? checked.status : 200)

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

const windowMs = 5 * 60_000
const refusalOf = (checked: object): unknown => ('reason' in checked ? checked.reason : undefined)

test('a callback signed for the push or the play host is let in, with the time of its signature', () => {
  const letIn = { signedAt }
  assert.deepEqual(checkCallback(byPush, '1700000000', signedAt), letIn)
  assert.deepEqual(checkCallback(byPlay, '1700000000', signedAt), letIn)
})

test('the digits of a signature may be of either case', () => {
  const mixed = byPlay.replace(/f/, 'F').replace(/(?<=f.*)c/, 'C')
  for (const signature of [byPlay.toUpperCase(), mixed]) {
    assert.deepEqual(checkCallback(signature, '1700000000', signedAt), { signedAt })
  }
})

test('a signature counts for five minutes before and after its timestamp, and not a millisecond longer', () => {
  for (const sign of [1, -1]) {
    assert.equal(statusOf(checkCallback(byPush, '1700000000', signedAt + sign * windowMs)), 200)
    const late = checkCallback(byPush, '1700000000', signedAt + sign * (windowMs + 1))
    assert.deepEqual([statusOf(late), refusalOf(late)], [403, 'stale'])
  }
})

test('a callback without signature or timestamp is 401', () => {
  for (const [signature, timestamp] of [
    [undefined, '1700000000'],
    [byPush, undefined],
    ['', '1700000000'],
    [byPush, ''],
  ]) {
    const checked = checkCallback(signature, timestamp, signedAt)
    assert.deepEqual([statusOf(checked), refusalOf(checked)], [401, 'unsigned'])
  }
})

test('a signature of something else, of two headers, or garbage is 403', () => {
  for (const signature of [
    'wrong',
    byPush.slice(1),
    `${byPush}0`,
    `${byPush}, ${byPush}`,
    `${byPush},${byPlay}`,
    `"${byPush}"`,
    byPush.replace('e', 'é'),
    byPush.replace('e', 'е'), // the Cyrillic letter
    '\u0000'.repeat(32),
    '💥'.repeat(10_000),
    // md5 of push.test|1700000001|k: the right one a second later
    '15dc6adea9b41c7b39bdd83309d73a1e',
  ]) {
    const checked = checkCallback(signature, '1700000000', signedAt)
    assert.deepEqual([statusOf(checked), refusalOf(checked)], [403, 'forged'], signature.slice(0, 40))
  }
})

test('a timestamp that is not the one that was signed is 403, and so is one that is no number of seconds', () => {
  assert.equal(refusalOf(checkCallback(byPush, '1700000001', signedAt)), 'forged')
  // the same second, written otherwise
  assert.equal(refusalOf(checkCallback(byPush, '01700000000', signedAt)), 'forged')
  for (const timestamp of [
    'now',
    '1700000000.0',
    '-1700000000',
    '+1700000000',
    '1.7e9',
    '0x6553f100',
    '1700000000 ',
    '１７００００００００',
    '1700000000, 1700000000',
    '1700000000000',
    '9'.repeat(400),
    'NaN',
  ]) {
    const checked = checkCallback(byPush, timestamp, signedAt)
    assert.deepEqual([statusOf(checked), refusalOf(checked)], [403, 'stale'], timestamp.slice(0, 40))
  }
})
