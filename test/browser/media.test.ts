// runs alone: encoding takes the processor
// deadline: 240 s
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findMissingMediaTools } from '../../deploy/local/media-tools.ts'
import { root } from '../runner/child.ts'
import { findChromium } from '../support/chromium.ts'
import { halvesOf, showsMix, showsOne } from '../support/mixed-picture.ts'
import { describePicture, differenceIn, readPicture } from '../support/picture.ts'
import type { Picture } from '../support/picture.ts'
import { startTestSystem } from '../support/system.ts'
import { ok } from '../support/scene.ts'
import { startTestSource } from '../support/test-source.ts'
import { until } from '../support/until.ts'

const chromium = await findChromium()
const missing = await findMissingMediaTools()
const skip = 'missing' in chromium ? chromium.missing : missing.length > 0 && `not installed: ${missing.join(', ')}`

const size = { width: 320, height: 180 }
const template = 'side_by_side'
const withinMs = 60_000
const anyPorts = { MEDIA_RTMP_PORT: '0', MEDIA_MIX_PORT: '0', MEDIA_HTTP_PORT: '0', MIXER_MEDIA_PORT: '0' }

const closers: (() => Promise<void>)[] = []
after(async () => {
  for (const close of closers.toReversed()) await close()
})

/** A web server with the page and the player's script. */
const servePlayer = async (): Promise<string> => {
  const files = new Map([
    ['/', { type: 'text/html', file: 'test/browser/media-page.html' }],
    ['/hls.js', { type: 'text/javascript', file: 'node_modules/hls.js/dist/hls.min.js' }],
  ])
  const server = createServer((request, response) => {
    const found = files.get(request.url ?? '')
    if (found === undefined) return void response.writeHead(404).end()
    readFile(join(root, found.file)).then(
      (content) => response.setHeader('content-type', found.type).end(content),
      () => response.writeHead(500).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}/`
}

type Look = { readonly seconds: number; readonly picture: Picture }

/** What the player shows now; undefined before its first picture. */
const lookAt = async (page: Page): Promise<Look | undefined> => {
  const seen = (await page.evaluate(`look(${size.width}, ${size.height})`)) as { seconds: number; rgb: string } | null
  if (seen === null) return undefined
  return { seconds: seen.seconds, picture: readPicture(Buffer.from(seen.rgb, 'base64'), size) }
}

/** Resolves to the first look at which the condition holds; rejects with what was seen last. */
const watchUntil = async (page: Page, what: string, isIt: (look: Look) => boolean): Promise<Look> => {
  let last: Look | undefined
  const isSeen = async (): Promise<boolean> => {
    last = await lookAt(page)
    return last !== undefined && isIt(last)
  }
  try {
    await until(what, isSeen, withinMs)
  } catch (error) {
    const shown = last === undefined ? 'nothing' : describePicture(last.picture)
    const errors = JSON.stringify(await page.evaluate('lastErrors()'))
    throw new Error(`the player shows ${shown}, not ${what}; its errors: ${errors}`, { cause: error })
  }
  assert.ok(last !== undefined)
  return last
}

test('a browser that plays a room’s address sees the broadcaster, and then the mix in it', { skip }, async () => {
  assert.ok(!('missing' in chromium))
  const system = await startTestSystem({ base: process.env, env: { MIXER_ADAPTER: 'ffmpeg', ...anyPorts } })
  closers.push(system.stop)
  const { app } = system
  const [alice, bob] = [await app.createLive({ uid: 'alice' }), await app.createLive({ uid: 'bob' })]
  const red = startTestSource({ url: alice.rtmpUrl, colour: 'red', toneHz: 440 })
  closers.push(red.kill)

  const url = await servePlayer()
  const browser = await chromium.launch()
  closers.push(() => browser.close())
  const page = await browser.newPage()
  await page.goto(url)
  await page.waitForFunction('window.isReady')
  await page.evaluate(`play(${JSON.stringify(alice.m3u8PlayUrl)})`)
  const alone = await watchUntil(page, 'red alone', ({ picture }) => showsOne(picture, 'red'))

  const people = { inviterUid: 'alice', inviterName: 'Alice', inviteeUid: 'bob', inviteeName: 'Bob' }
  const rooms = { liveRoomId: alice.roomId, inviteeRoomId: bob.roomId }
  ok(await app.invite({ ...people, ...rooms, type: template, inviterType: 2 }))
  ok(await app.feedback({ inviterUid: 'alice', inviteeUid: 'bob', liveRoomId: alice.roomId, status: 1 }))
  const blue = startTestSource({ url: bob.rtmpUrl, colour: 'blue', toneHz: 880 })
  closers.push(blue.kill)

  const isMix = ({ picture }: Look): boolean => showsMix(picture, { template, main: 'red', other: 'blue' })
  const mixed = await watchUntil(page, 'red and blue', isMix)
  assert.ok(mixed.picture !== alone.picture)
  const { main, other } = halvesOf[template]
  await watchUntil(page, 'both halves moving', (later) =>
    [main.bar, other.bar].every((bar) => isMix(later) && differenceIn(bar, mixed.picture, later.picture) > 5),
  )
})
