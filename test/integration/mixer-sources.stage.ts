import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { findFreePort } from '../../deploy/local/ports.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { createCallbacks } from '../../services/mixer/adapters/callbacks.ts'
import { createJournal } from '../../services/mixer/adapters/journal.ts'
import { createNginxNotify } from '../../services/mixer/adapters/nginx-notify.ts'
import { createNginxStat } from '../../services/mixer/adapters/nginx-stat.ts'
import type { SourceChange } from '../../services/mixer/ports.ts'
import { createPushKeyCheck } from '../../services/mixer/push-key.ts'
import { sourceJournalSchema } from '../../services/mixer/source-journal.ts'
import { createSourceStreams } from '../../services/mixer/source-streams.ts'
import type { OpenSourceStreams } from '../../services/mixer/source-streams.ts'
import { monotonicClock } from '../../services/shared/clock.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startCallbackServer } from '../support/callback-server.ts'
import type { Callback } from '../support/callback-server.ts'
import { startTestMediaServer } from '../support/media-server.ts'
import type { TestMediaServer } from '../support/media-server.ts'
import { startTestSource } from '../support/test-source.ts'
import type { TestSource } from '../support/test-source.ts'

// Sources, as the mixer wires them, at a real media server with real broadcasters; a callback server in ingest's place.

export const app = 'DemoApp'
const deadlineMs = 20_000

const wordOf = ({ query }: Callback): string =>
  `${query['id'] ?? query['Stream']} ${query['action'] ?? query['Event'] ?? ''}`

export type Stage = {
  readonly media: TestMediaServer
  readonly sources: () => OpenSourceStreams
  readonly changes: readonly SourceChange[]
  /** What ingest took, in order: `roomA publish`. */
  readonly words: () => readonly string[]
  /** Resolves when ingest has got exactly these about the room, in this order. */
  readonly expectWords: (roomId: string, words: readonly string[]) => Promise<void>
  readonly push: (roomId: string, query?: string) => TestSource
  readonly setAnswer: (status: number) => void
  /** Sources and callbacks, as at the end of a mixer; the media server goes on. */
  readonly close: () => Promise<void>
  readonly open: () => Promise<void>
}

export const setStage = async (t: TestContext, { key }: { key?: string } = {}): Promise<Stage> => {
  let answer = 200
  const taken: Callback[] = []
  const ingest = await startCallbackServer({
    answer: (_, callback) => {
      if (answer === 200) taken.push(callback)
      return answer
    },
  })
  t.after(ingest.close)
  const port = await findFreePort()
  const media = await startTestMediaServer({ notifyUrl: `http://127.0.0.1:${port}/notify`, app })
  let close = async (): Promise<void> => {}
  t.after(() => close()) // before the media server, whose folder has its journal
  t.after(media.stop)
  const changes: SourceChange[] = []
  let sources: OpenSourceStreams | undefined

  const open = async (): Promise<void> => {
    const journal = createJournal({
      file: join(media.dataDir, 'mixer', 'sources.json'),
      schema: sourceJournalSchema,
      log: silentLog,
    })
    const callbacks = createCallbacks({
      ingestUrl: ingest.url,
      callbackKey: undefined,
      pushHost: 'push.example',
      playHost: 'play.example',
      app,
      giveUp: { afterMs: 60_000 },
      log: silentLog,
    })
    const opened = await createSourceStreams({
      listen: (notifications) =>
        createNginxNotify({
          port,
          app,
          isKeyGood: key === undefined ? undefined : createPushKeyCheck({ app, key }),
          ...notifications,
          log: silentLog,
        }),
      look: createNginxStat({ url: media.statUrl, app }),
      callbacks,
      journal,
      onChanged: (change) => void changes.push(change),
      clock: monotonicClock,
      log: silentLog,
    })
    sources = opened
    close = async () => {
      close = async () => {}
      await opened.close()
      await callbacks.close()
      await journal.close()
    }
  }
  await open()

  const words = () => taken.map(wordOf)
  return {
    media,
    changes,
    words,
    sources: () => {
      assert.ok(sources !== undefined)
      return sources
    },
    expectWords: async (roomId, expected) => {
      const ofRoom = () =>
        words()
          .filter((word) => word.startsWith(`${roomId} `))
          .map((word) => word.split(' ')[1])
      await waitUntil(() => ofRoom().length >= expected.length, { deadlineMs, everyMs: 10 })
      assert.deepEqual(ofRoom(), expected)
    },
    push: (roomId, query = '') => {
      const source = startTestSource({ url: `${media.sourceUrl(roomId)}${query}`, colour: 'red', toneHz: 440 })
      t.after(source.kill)
      return source
    },
    setAnswer: (status) => (answer = status),
    close: () => close(),
    open,
  }
}
