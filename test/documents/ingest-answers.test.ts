import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import { openStandIn, standInKey } from '../../docs/generators/ingest-stand-in.ts'
import { callbackSignature } from '../../services/shared/callback-signature.ts'
import { createAnswerCheck } from '../support/check-answer.ts'
import { readDocument, valueAt } from '../support/published-schemas.ts'

const check = createAnswerCheck('openapi-ingest.generated.json')

/** Asks the door, and checks that it answers as published. Gives the status. */
const open = async (t: TestContext, settings: Parameters<typeof openStandIn>[0] = {}) => {
  const standIn = await openStandIn(settings)
  t.after(() => standIn.close())
  const ask = async (asked: InjectOptions & { readonly url: string }): Promise<number> => {
    const answer = await standIn.http.inject({ headers: { authorization: `Bearer ${standInKey}` }, ...asked })
    const path = asked.url.replace(/\?.*/s, '')
    const contentType = String(answer.headers['content-type'] ?? '')
    check({ method: asked.method ?? 'GET', path, status: answer.statusCode, contentType, body: answer.body })
    return answer.statusCode
  }
  return { ...standIn, ask }
}

const signed = (): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(Date.now() / 1_000))
  return {
    'ali-live-timestamp': timestamp,
    'ali-live-signature': callbackSignature('push.example.com', timestamp, standInKey),
  }
}

/** Every POST of the document with the example of its body. */
const posts = Object.entries(valueAt(readDocument('openapi-ingest.generated.json'), 'paths') ?? {}).flatMap(
  ([url, path]) => {
    const payload = valueAt(path, 'post', 'requestBody', 'content', 'application/json', 'example')
    return payload === undefined ? [] : [{ method: 'POST', url, payload: payload as object } as const]
  },
)

const annsLive = {
  roomId: '0123456789abcdef',
  uid: 'ann',
  name: 'Ann',
  description: null,
  status: 1,
  type: 2,
  mixReady: true,
  mixed: false,
  createdAt: 1,
  invites: [],
  sessionPairs: [],
}

test('every published example of a body is taken, and answered as published', async (t) => {
  const { ask, rooms } = await open(t)
  rooms.table.put(annsLive)
  assert.equal(posts.length, 11)
  for (const post of posts) assert.ok([200, 202].includes(await ask(post)), post.url)
  assert.equal(await ask({ url: '/live/list' }), 200)
  assert.equal(await ask({ url: '/requests/unknown' }), 404)
})

test('callbacks are answered as published', async (t) => {
  const { ask } = await open(t)
  const url = '/ali/stream/notify?action=publish&id=room1'
  assert.equal(await ask({ url }), 401)
  assert.equal(await ask({ url, headers: { ...signed(), 'ali-live-signature': 'x' } }), 403)
  const urls = [
    url,
    '/ali/mix/availability/notify?Event=MixAvailable&Stream=room1',
    '/ali/mix/status/notify?MainMixStream=room1&MixStream=room2&Event=EventMix&Code=Success',
  ]
  for (const one of urls) {
    assert.equal(await ask({ url: one, headers: signed() }), 200, one)
    assert.equal(await ask({ url: one.replace(/\?.*/, ''), headers: signed() }), 400, one)
  }
})

test('refusals are answered as published, by every path that takes a body', async (t) => {
  const { ask, events } = await open(t, { maxBodyBytes: 200 })
  const json = { authorization: `Bearer ${standInKey}`, 'content-type': 'application/json' }
  for (const post of posts) {
    assert.equal(await ask({ ...post, headers: {} }), 401)
    assert.equal(await ask({ ...post, headers: { authorization: 'Bearer another' } }), 403)
    assert.equal(await ask({ ...post, payload: { ...post.payload, uid: 'u'.repeat(300) } }), 413)
    assert.equal(await ask({ ...post, headers: { ...json, 'content-type': 'text/plain' }, payload: 'x' }), 415)
    assert.equal(await ask({ ...post, headers: json, payload: '{' }), 400)
    if (post.url !== '/live/list') assert.equal(await ask({ ...post, payload: {} }), 400)
  }
  events.goAway()
  assert.equal(await ask({ method: 'POST', url: '/live/create', payload: { uid: 'ann' } }), 503)
  const limited = await open(t, { rateLimitPerSecond: 1 })
  const statuses = await Promise.all(Array.from({ length: 5 }, () => limited.ask({ url: '/live/list' })))
  assert.ok(statuses.includes(429))
})
