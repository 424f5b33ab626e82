// deadline: 240 s
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { findChromium } from '../support/chromium.ts'
import { serveClientPage } from '../support/client-page.ts'
import { openCuttableProxy, type CuttableProxy } from '../support/cuttable-proxy.ts'
import { mintToken } from '../support/edge-client.ts'
import { aCohostInvited, aComment, aLike, aRoom, aStreamPublished, newRoomId } from '../support/edge-records.ts'
import { jwtSecret, record, startEdgeStage, type EdgeStage, type TestEdge } from '../support/edge-stage.ts'
import { until } from '../support/until.ts'

/** What the page was told, as it writes it down. */
type Told = {
  readonly name: string
  readonly weight?: number
  readonly pos?: number | null
  readonly id?: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly dropped?: number | null
  readonly isRecovered?: boolean | null
}

const chromium = await findChromium()
const skip = 'missing' in chromium ? chromium.missing : false

type Theatre = { readonly stage: EdgeStage; readonly edge: TestEdge; readonly browser: Browser; readonly url: string }
const closers: (() => Promise<void>)[] = []
after(async () => {
  for (const close of closers.toReversed()) await close()
})

const openTheatre = async (): Promise<Theatre | null> => {
  if ('missing' in chromium) return null
  const stage = await startEdgeStage()
  closers.push(() => stage.stop())
  // Short, so that a way that is lost without a word is found out in seconds.
  const edge = await stage.startEdge({ EDGE_SILENCE_TIMEOUT_MS: '3000' })
  const page = await serveClientPage('test/browser/page.html')
  closers.push(() => page.stop())
  const browser = await chromium.launch()
  closers.push(() => browser.close())
  return { stage, edge, browser, url: page.url }
}
const theatre = await openTheatre()

/** A page that watches a new room, over a way that can be cut. */
const openViewer = async (t: { after: (run: () => Promise<void>) => void }) => {
  assert.ok(theatre !== null)
  const { stage, edge, browser, url } = theatre
  const room = newRoomId()
  await stage.writeRoom(aRoom({ roomId: room, status: 0 }))
  // An edge keeps the comments of rooms that somebody is in.
  const neighbour = await edge.join('neighbour', room)
  const proxy = await openCuttableProxy(edge.url.replace('ws:', 'http:'))
  const page = await browser.newPage()
  t.after(async () => {
    await page.close()
    await proxy.cut()
    await neighbour.close()
  })
  await page.goto(url)
  await page.waitForFunction('window.isReady')
  const watching = {
    url: proxy.url.replace('http:', 'ws:'),
    token: await mintToken({ secret: jwtSecret, uid: 'viewer' }),
    room,
  }
  await page.evaluate(`watch(${JSON.stringify(watching)})`)
  return { stage, edge, room, page, proxy }
}

const toldTo = async (page: Page): Promise<readonly Told[]> => (await page.evaluate('told')) as readonly Told[]
const namesOf = (told: readonly Told[]): readonly string[] => told.map(({ name }) => name)
const awaitTold = (page: Page, what: string, condition: (told: readonly Told[]) => boolean, deadlineMs = 30_000) =>
  until(what, async () => condition(await toldTo(page)), deadlineMs)

/** Signals and comments, in turns; their ids by weight. */
const writeSome = async (stage: EdgeStage, room: string, count: number) => {
  const signals = Array.from({ length: count }, () => record('StreamPublished', aStreamPublished({ roomId: room })))
  const comments = Array.from({ length: count }, () => record('Commented', aComment({ roomId: room })))
  await stage.write(...signals, ...comments)
  return { 5: signals.map((one) => one.record.eventId), 8: comments.map((one) => one.record.eventId) }
}
const idsOf = (told: readonly Told[], weight: number) =>
  told.filter((one) => one.weight === weight && one.pos !== null).map(({ id }) => id)

test('a page gets the state of its room, and what is pushed by name', { skip }, async (t) => {
  const { stage, room, page } = await openViewer(t)
  const invited = aCohostInvited({ roomId: room, toUid: 'viewer', inviterName: 'Äida 🐍' })
  const other = aCohostInvited({ roomId: room, toUid: 'somebody else' })
  await stage.write(
    record('CohostInvited', other),
    record('CohostInvited', invited),
    record('StreamPublished', aStreamPublished({ roomId: room, streamRoomId: room })),
    record('Commented', aComment({ roomId: room, comment: '¡Olé!' })),
    record('Liked', aLike({ roomId: room, count: 3 })),
  )
  await awaitTold(page, 'all four', (told) =>
    ['cohost-invited', 'stream-published', 'commented', 'liked'].every((name) => namesOf(told).includes(name)),
  )
  const told = await toldTo(page)
  assert.deepEqual(namesOf(told).slice(0, 3), ['connected', 'subscribed', 'room-state'])
  assert.deepEqual(
    told.filter(({ name }) => name === 'cohost-invited').map(({ id, data }) => [id, data?.['inviterName']]),
    [[invited.eventId, 'Äida 🐍']],
  )
  assert.equal(told.find(({ name }) => name === 'commented')?.data?.['comment'], '¡Olé!')
  const status = await page.evaluate(`client.view(${JSON.stringify(room)}).status`)
  assert.equal(status, 1)
})

const interruptions: readonly {
  readonly name: string
  readonly cut: (proxy: CuttableProxy, page: Page) => Promise<void>
  readonly mend: (proxy: CuttableProxy) => Promise<void>
}[] = [
  { name: 'is cut', cut: (proxy) => proxy.cut(), mend: (proxy) => proxy.mend() },
  { name: 'is lost without a word', cut: async (proxy) => proxy.stall(), mend: async () => {} },
]
for (const { name, cut, mend } of interruptions) {
  test(`when the network ${name}, the page resumes without a loss and without a double`, { skip }, async (t) => {
    const { stage, room, page, proxy } = await openViewer(t)
    const before = await writeSome(stage, room, 5)
    await awaitTold(page, 'all before', (told) => idsOf(told, 8).length === 5 && idsOf(told, 5).length === 5)
    await cut(proxy, page)
    const during = await writeSome(stage, room, 20)
    await awaitTold(page, 'it notices', (told) => namesOf(told).includes('disconnected'))
    await mend(proxy)
    await awaitTold(page, 'it is back', (told) => told.some(({ isRecovered }) => isRecovered === true))
    const since = await writeSome(stage, room, 5)
    await awaitTold(
      page,
      'all since',
      (told) =>
        since[8].every((id) => idsOf(told, 8).includes(id)) && since[5].every((id) => idsOf(told, 5).includes(id)),
    )
    const told = await toldTo(page)
    for (const weight of [5, 8] as const) {
      assert.deepEqual(
        idsOf(told, weight),
        [...before[weight], ...during[weight], ...since[weight]],
        `weight ${weight}`,
      )
    }
    assert.deepEqual(
      told.filter((one) => one.name === 'gap'),
      [],
    )
  })
}

test(
  'a page that is slow to deal with comments gets an invite before most of those written earlier, and knows what it missed',
  { skip },
  async (t) => {
    const { stage, edge, room, page } = await openViewer(t)
    const elsewhere = await edge.join('viewer', room)
    t.after(() => elsewhere.close())
    await page.evaluate('window.busyMs = 5')
    const comment = 'x'.repeat(1_000)
    const comments = Array.from({ length: 1_000 }, () => record('Commented', aComment({ roomId: room, comment })))
    await stage.write(...comments)
    const invited = aCohostInvited({ roomId: room, toUid: 'viewer' })
    await stage.write(record('CohostInvited', invited))
    // From here on the invite is on its way to this user; how many comments the page has dealt with by now is a matter of the machine.
    await elsewhere.waitForPush(({ id }) => id === invited.eventId)
    const earlier = (await toldTo(page)).filter(({ name }) => name === 'commented').length
    const last = aComment({ roomId: room, comment })
    await stage.write(record('Commented', last))
    await awaitTold(
      page,
      'the invite and the last comment',
      (told) => [invited.eventId, last.eventId].every((id) => told.some((one) => one.id === id)),
      60_000,
    )
    const told = await toldTo(page)
    const commented = told.filter(({ name }) => name === 'commented').length
    const dropped = told.filter(({ name }) => name === 'gap').reduce((sum, gap) => sum + (gap.dropped ?? NaN), 0)
    assert.equal(commented + dropped, comments.length + 1)
    const ahead = told
      .slice(
        0,
        told.findIndex(({ id }) => id === invited.eventId),
      )
      .filter(({ name }) => name === 'commented')
    // A window holds some sixty of them.
    assert.ok(ahead.length - earlier < 120, `${ahead.length} comments came first, ${earlier} of them earlier`)
    assert.ok(dropped > 0)
  },
)
