import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { silentLog } from '../../shared/log.ts'
import type { Log } from '../../shared/log.ts'
import { createNginxNotify } from './nginx-notify.ts'
import type { NginxNotifyOptions, Publisher } from './nginx-notify.ts'

const openFor = async (t: TestContext, options: Partial<NginxNotifyOptions> = {}) => {
  const heard: (Publisher & { call: string })[] = []
  const notify = await createNginxNotify({
    port: 0,
    app: 'Demo',
    isKeyGood: undefined,
    onPublish: (publisher) => {
      heard.push({ call: 'publish', ...publisher })
      return true
    },
    onPublishDone: (publisher) => void heard.push({ call: 'publish_done', ...publisher }),
    log: silentLog,
    ...options,
  })
  t.after(notify.close)
  const url = `http://127.0.0.1:${notify.port}`
  const post = async (body: string, path = '/notify'): Promise<number> => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return (await fetch(`${url}${path}`, { method: 'POST', headers, body })).status
  }
  return { heard, post, url }
}

/** The form of nginx-rtmp 1.1.4, with the publisher's arguments at the end. */
const form = (call: string, name: string, { args = '', app = 'Demo', client = '3' } = {}): string =>
  `app=${app}&flashver=FMLE/3.0%20(compatible%3B%20Lavf59.27&swfurl=&tcurl=rtmp://127.0.0.1:1935/Demo&pageurl=` +
  `&addr=127.0.0.1&clientid=${client}&call=${call}&name=${name}${call === 'publish' ? '&type=live' : ''}${args}`

test('a publisher and its end are told with room and connection', async (t) => {
  const { heard, post } = await openFor(t)
  assert.equal(await post(form('publish', 'roomA')), 200)
  assert.equal(await post(form('publish_done', 'roomA')), 200)
  assert.deepEqual(heard, [
    { call: 'publish', roomId: 'roomA', client: 3 },
    { call: 'publish_done', roomId: 'roomA', client: 3 },
  ])
})

test('a name that is no room id, another application and a connection without number are refused', async (t) => {
  const { heard, post } = await openFor(t)
  const statuses = [
    await post(form('publish', 'room_mix')),
    await post(form('publish', 'a%26b')),
    await post(form('publish', '')),
    await post(form('publish', 'a'.repeat(65))),
    await post(form('publish', 'roomA', { app: 'Other' })),
    await post(form('publish', 'roomA', { client: 'x' })),
    await post(form('publish_done', 'room_mix')),
  ]
  assert.deepEqual(new Set(statuses), new Set([403]))
  assert.deepEqual(heard, [])
})

test('the publisher’s own arguments cannot pass for fields of the media server', async (t) => {
  const { heard, post } = await openFor(t)
  await post(form('publish', 'roomA', { args: '&name=victim&clientid=9&call=publish_done&app=Other' }))
  assert.deepEqual(heard, [{ call: 'publish', roomId: 'roomA', client: 3 }])
})

test('with a check only a good auth_key may publish, and no log has it', async (t) => {
  const logged: unknown[] = []
  const keep = (...entry: unknown[]): void => void logged.push(entry)
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep }
  const asked: unknown[] = []
  const { heard, post } = await openFor(t, {
    log,
    isKeyGood: ({ roomId, authKey }) => {
      asked.push([roomId, authKey])
      return authKey === 'good'
    },
  })
  assert.equal(await post(form('publish', 'roomA', { args: '&auth_key=good' })), 200)
  assert.equal(await post(form('publish', 'roomB', { args: '&auth_key=bad-key' })), 403)
  assert.equal(await post(form('publish', 'roomC')), 403)
  assert.deepEqual(asked, [
    ['roomA', 'good'],
    ['roomB', 'bad-key'],
    ['roomC', undefined],
  ])
  assert.deepEqual(
    heard.map(({ roomId }) => roomId),
    ['roomA'],
  )
  assert.ok(logged.length > 0 && !JSON.stringify(logged).includes('bad-key'))
})

test('whoever is not wanted is refused', async (t) => {
  const { post } = await openFor(t, { onPublish: () => false })
  assert.equal(await post(form('publish', 'roomA')), 403)
})

test('anything else is 404, 405, 400 or 413, and nothing is heard', async (t) => {
  const { heard, post, url } = await openFor(t)
  assert.deepEqual(
    [
      await post(form('publish', 'roomA'), '/'),
      (await fetch(`${url}/notify`)).status,
      await post(form('play', 'roomA')),
      await post(''),
      await post(`${form('publish', 'roomA')}&x=${'y'.repeat(9_000)}`),
    ],
    [404, 405, 400, 400, 413],
  )
  assert.deepEqual(heard, [])
})

test('a port that is taken stops the start and is named', async (t) => {
  const { url } = await openFor(t)
  const port = Number(new URL(url).port)
  await assert.rejects(openFor(t, { port }), new RegExp(`cannot listen for the media server on port ${port}`))
})
