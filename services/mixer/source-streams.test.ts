import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { until } from '../../test/support/until.ts'
import { silentLog } from '../shared/log.ts'
import type { CloudCallback } from './domain/callback.ts'
import type { SeenStream } from './domain/source-look.ts'
import type { SourceChange } from './ports.ts'
import type { SourceJournal } from './source-journal.ts'
import { createSourceStreams } from './source-streams.ts'
import type { Notifications, SourceStreamsOptions } from './source-streams.ts'

/** Each look takes place so long after the one before, by the clock of these tests. */
const stepMs = 250

type Sights = {
  readonly streams: Map<string, Pick<SeenStream, 'client' | 'hasVideo'>>
  isThere: boolean
  /** The next look fails after so long. */
  stallMs: number
}

const openFor = async (
  t: TestContext,
  {
    journal,
    send = () => Promise.resolve(true),
    before = () => {},
    ...options
  }: Partial<Omit<SourceStreamsOptions, 'journal'>> & {
    journal?: SourceJournal
    send?: (callback: CloudCallback) => Promise<boolean>
    before?: (sights: Sights) => void
  } = {},
) => {
  let nowMs = 100_000
  let looks = 0
  const sights: Sights = { streams: new Map(), isThere: true, stallMs: 0 }
  before(sights)
  const sent: string[] = []
  const changes: SourceChange[] = []
  const written: SourceJournal[] = []
  const heard = Promise.withResolvers<Notifications>()
  const sources = await createSourceStreams({
    listen: (notifications) => {
      heard.resolve(notifications)
      return Promise.resolve({ close: () => Promise.resolve() })
    },
    look: () => {
      nowMs += stepMs
      looks++
      const { stallMs } = sights
      nowMs += stallMs
      sights.stallMs = 0
      if (!sights.isThere || stallMs > 0) return Promise.reject(new Error('away'))
      const rise = { timestampMs: nowMs, bytesIn: nowMs }
      const streams = [...sights.streams].map(([roomId, stream]) => [roomId, { ...stream, ...rise }] as const)
      return Promise.resolve({ server: 'one', streams: new Map(streams) })
    },
    callbacks: {
      send: (callback) => {
        assert.notEqual(callback.kind, 'status')
        sent.push(`${callback.roomId} ${callback.kind === 'stream' ? callback.action : 'MixAvailable'}`)
        return send(callback)
      },
      close: () => Promise.resolve(),
    },
    journal: { read: () => Promise.resolve(journal), write: (value) => void written.push(value) },
    onChanged: (change) => void changes.push(change),
    pollMs: 1,
    idlePollMs: 1,
    clock: { now: () => nowMs },
    log: silentLog,
    ...options,
  })
  t.after(sources.close)
  /** Resolves after so many looks more. */
  const look = (count: number): Promise<void> => {
    const target = looks + count
    return until(`${count} looks more`, () => looks >= target)
  }
  return { sources, sights, sent, changes, written, look, notify: await heard.promise }
}

const video = (client: number) => ({ client, hasVideo: true })
const publisher = (client: number) => ({ client, server: 'one' })

test('a notified stream is told at once, and available when looks show that it flows', async (t) => {
  const { notify, sights, sent, changes, look, sources } = await openFor(t)
  assert.equal(notify.onPublish({ roomId: 'a', client: 1 }), true)
  assert.deepEqual(sent, ['a publish'])
  assert.equal(sources.isAvailable('a'), false)
  sights.streams.set('a', video(1))
  await until('it flows', () => sources.isFlowing('a'))
  assert.ok(sources.isAvailable('a'))
  sights.streams.delete('a')
  notify.onPublishDone({ roomId: 'a', client: 1 })
  assert.ok(!sources.isFlowing('a') && !sources.isAvailable('a'))
  await look(5)
  assert.deepEqual(sent, ['a publish', 'a MixAvailable', 'a publish_done'])
  assert.deepEqual(
    changes.map(({ isFlowing }) => isFlowing),
    [true, false],
  )
  assert.deepEqual(sources.counts(), { published: 0, flowing: 0 })
})

test('streams that are there at the start are told, and known to flow when it is over', async (t) => {
  const { sent, sources } = await openFor(t, { before: ({ streams }) => streams.set('a', video(1)) })
  assert.deepEqual(sent, ['a publish', 'a MixAvailable'])
  assert.ok(sources.isAvailable('a'))
  assert.deepEqual(sources.counts(), { published: 1, flowing: 1 })
})

test('a start without statistics ends, and knows nothing that flows', async (t) => {
  const { sent, sources } = await openFor(t, {
    before: (sights) => (sights.isThere = false),
    journal: [{ roomId: 'a', publisher: publisher(1), isTold: true }],
  })
  assert.deepEqual(sent, [])
  assert.deepEqual(sources.counts(), { published: 1, flowing: 0 })
})

test('one look that fails changes nothing, however long it took: this process may have been held up', async (t) => {
  const { sights, sources, changes, look } = await openFor(t, { before: ({ streams }) => streams.set('a', video(1)) })
  sights.stallMs = 60_000
  await look(3)
  assert.deepEqual(changes, [{ roomId: 'a', isFlowing: true }])
  assert.ok(sources.isAvailable('a'))
})

test('without statistics nothing flows and nothing is published any more, until they are back', async (t) => {
  const { sights, sources, sent } = await openFor(t, { before: ({ streams }) => streams.set('a', video(1)) })
  sights.isThere = false
  await until('nothing flows', () => !sources.isFlowing('a'))
  assert.deepEqual(sources.counts(), { published: 1, flowing: 0 })
  await until('nothing is published', () => sources.counts().published === 0)
  sights.isThere = true
  await until('it flows again', () => sources.isFlowing('a'))
  assert.deepEqual(sent, ['a publish', 'a MixAvailable', 'a publish_done', 'a publish', 'a MixAvailable'])
})

test('the journal has who publishes, and what ingest has not taken', async (t) => {
  const answers = new Map([['stuck', Promise.withResolvers<boolean>()]])
  const { notify, written, sights, look } = await openFor(t, {
    send: (callback) => answers.get(callback.roomId)?.promise ?? Promise.resolve(true),
  })
  notify.onPublish({ roomId: 'stuck', client: 1 })
  notify.onPublish({ roomId: 'told', client: 2 })
  notify.onPublish({ roomId: 'gone', client: 3 })
  sights.streams.set('stuck', { client: 1, hasVideo: false }).set('told', { client: 2, hasVideo: false })
  notify.onPublishDone({ roomId: 'gone', client: 3 })
  await look(2)
  const byRoom = (journal: SourceJournal | undefined) =>
    (journal ?? []).toSorted((one, other) => one.roomId.localeCompare(other.roomId))
  assert.deepEqual(byRoom(written.at(-1)), [
    { roomId: 'stuck', publisher: publisher(1), isTold: false },
    { roomId: 'told', publisher: publisher(2), isTold: true },
  ])
  sights.streams.delete('stuck')
  notify.onPublishDone({ roomId: 'stuck', client: 1 })
  assert.deepEqual(
    written.at(-1)?.find(({ roomId }) => roomId === 'stuck'),
    { roomId: 'stuck', publisher: null, isTold: false },
  )
  answers.get('stuck')?.resolve(true)
  await until('it is told', () => written.at(-1)?.length === 1)
})

test('a restart says only what ingest does not know', async (t) => {
  const { sent, look, sources } = await openFor(t, {
    journal: [
      { roomId: 'stays', publisher: publisher(1), isTold: true },
      { roomId: 'untold', publisher: publisher(2), isTold: false },
      { roomId: 'ended', publisher: null, isTold: false },
      { roomId: 'gone', publisher: publisher(3), isTold: true },
      { roomId: 'goneUntold', publisher: publisher(6), isTold: false },
      { roomId: 'changed', publisher: publisher(4), isTold: true },
    ],
    before: ({ streams }) => streams.set('stays', video(1)).set('untold', video(2)).set('changed', video(5)),
  })
  await look(3)
  const of = (room: string) => sent.filter((word) => word.startsWith(`${room} `)).map((word) => word.split(' ')[1])
  assert.deepEqual(of('stays'), ['MixAvailable'])
  assert.deepEqual(of('untold'), ['publish', 'MixAvailable'])
  assert.deepEqual(of('ended'), ['publish_done'])
  assert.deepEqual(of('gone'), ['publish_done'])
  assert.deepEqual(of('goneUntold'), ['publish_done'])
  assert.deepEqual(of('changed'), ['publish_done', 'publish', 'MixAvailable'])
  assert.deepEqual(sources.counts(), { published: 3, flowing: 3 })
})

test('what was given up is told again as it is then, once it is taken', async (t) => {
  let isTaken = false
  const taken: string[] = []
  const { sights, look, notify, sources } = await openFor(t, {
    send: (callback) => {
      if (isTaken) taken.push(callback.kind === 'stream' ? callback.action : callback.kind)
      return Promise.resolve(isTaken)
    },
  })
  sights.streams.set('a', video(1))
  notify.onPublish({ roomId: 'a', client: 1 })
  await until('it flows', () => sources.isFlowing('a'))
  await look(2)
  isTaken = true
  await look(4)
  assert.deepEqual(taken, ['publish', 'availability'])
})

test('more streams than may be known are refused, and taken when others have ended', async (t) => {
  const { notify, sights, look, sources } = await openFor(t, { maxStreams: 2 })
  const publish = (roomId: string, client: number): boolean => {
    const isTaken = notify.onPublish({ roomId, client })
    if (isTaken) sights.streams.set(roomId, video(client))
    return isTaken
  }
  assert.deepEqual([publish('a', 1), publish('b', 2), publish('c', 3)], [true, true, false])
  sights.streams.set('d', video(4))
  await look(3)
  assert.deepEqual(sources.counts().published, 2)
  sights.streams.delete('d')
  sights.streams.delete('a')
  notify.onPublishDone({ roomId: 'a', client: 1 })
  await look(3)
  assert.equal(publish('c', 5), true)
})

test('a look that hangs is given up, and there is never more than one', async (t) => {
  let open = 0
  let most = 0
  let timedOut = 0
  // Timeouts alone keep no process alive.
  const alive = setInterval(() => {}, 1_000)
  t.after(() => clearInterval(alive))
  const { look: _, ...rest } = await openFor(t, {
    lookTimeoutMs: 20,
    look: (signal) => {
      most = Math.max(most, ++open)
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          open--
          timedOut++
          reject(new Error('hung'))
        })
      })
    },
  })
  await until('three looks have timed out', () => timedOut >= 3)
  await rest.sources.close()
  assert.equal(most, 1)
})
