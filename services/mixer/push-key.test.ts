import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMediaAddresses } from '../shared/media.ts'
import { createPushKeyCheck } from './push-key.ts'

const nowMs = 1_700_000_000_000
const dayMs = 24 * 60 * 60_000

/** The key in the push address of a room, as ingest makes it. */
const authKeyOf = (roomId: string, { app = 'Demo', authKey = 'k' } = {}): string => {
  const addresses = createMediaAddresses({ pushHost: 'h', playHost: 'h', app, authKey, mixSuffix: '_mix' })
  return addresses.pushUrl(roomId, nowMs).split('auth_key=')[1] ?? ''
}

const check = createPushKeyCheck({ app: 'Demo', key: 'k' })

test('the key of a push address is good for its room, until it expires', () => {
  const authKey = authKeyOf('roomA')
  assert.deepEqual(
    [nowMs, nowMs + dayMs, nowMs + dayMs + 1].map((now) => check({ roomId: 'roomA', authKey, nowMs: now })),
    [true, true, false],
  )
})

test('the key of another room, application or secret, a changed or a missing one is refused', () => {
  const [expires = '', , , digest = ''] = authKeyOf('roomA').split('-')
  const wrong = [
    authKeyOf('roomB'),
    authKeyOf('roomA', { app: 'Other' }),
    authKeyOf('roomA', { authKey: 'other' }),
    `${Number(expires) + 1}-0-0-${digest}`,
    `${expires}-0-0-${digest.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`,
    `${expires}-0-0-${digest.slice(1)}`,
    `${expires}-1-0-${digest}`,
    `${expires}-0-0-${digest}x`,
    `-0-0-${digest}`,
    '',
    undefined,
  ]
  assert.deepEqual(
    wrong.filter((authKey) => check({ roomId: 'roomA', authKey, nowMs })),
    [],
  )
})
