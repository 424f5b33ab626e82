import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { Answer, CreatedLive } from './app-server.ts'
import type { EdgeClient } from './edge-client.ts'
import * as push from './push-patterns.ts'
import type { Party, PushPattern } from './push-patterns.ts'
import type { TestSystem } from './system.ts'
import { watch } from './watcher.ts'
import type { Watcher } from './watcher.ts'

/** Somebody with a live of their own, subscribed to it. */
export type Broadcaster = Party & { readonly roomId: string; readonly live: CreatedLive; readonly watcher: Watcher }

/** Somebody who watches a room. */
export type Viewer = { readonly uid: string; readonly name: string; readonly watcher: Watcher }

/** Rooms and people of one test, apart from those of every other. */
export type Scene = {
  readonly broadcaster: (name: string) => Promise<Broadcaster>
  readonly viewer: (name: string, room: Broadcaster) => Promise<Viewer>
  /** Another connection, for example a second device or a wrong room. */
  readonly connection: (uid: string, room: Broadcaster) => Promise<Watcher>
  /** What a name's uid is. */
  readonly uidOf: (name: string) => string
  /** Everybody who watches that room has to receive these next, in any order among themselves. */
  readonly expectIn: (rooms: readonly Broadcaster[], ...patterns: readonly PushPattern[]) => void
  /** Resolves when everybody has received what they have to; rejects when anybody received anything else, or at the deadline. */
  readonly settled: (timeoutMs?: number) => Promise<void>
  /** Ends all lives, and proves by their last message that nobody received anything but what was expected. */
  readonly end: () => Promise<void>
  /** Every client of the scene. */
  readonly clients: () => readonly EdgeClient[]
}

/** Opens a scene, which is closed after the test. */
export const openScene = (t: TestContext, system: TestSystem): Scene => {
  const run = randomUUID().slice(0, 8)
  const lives: Broadcaster[] = []
  const watchers: Array<{ readonly watcher: Watcher; readonly room: string }> = []
  const uidOf = (name: string): string => `${name.toLowerCase()}-${run}`

  const connect = async (uid: string, room: string): Promise<Watcher> => {
    const client = await system.join(uid, room)
    t.after(() => client.close())
    await client.waitForPush(104)
    const watcher = watch(client, room)
    watchers.push({ watcher, room })
    return watcher
  }
  const expectIn: Scene['expectIn'] = (rooms, ...patterns) => {
    for (const { watcher, room } of watchers)
      if (rooms.some(({ roomId }) => roomId === room)) watcher.expect(...patterns)
  }
  const settled: Scene['settled'] = async (timeoutMs) => {
    const results = await Promise.allSettled(watchers.map(({ watcher }) => watcher.arrived(timeoutMs)))
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))
    assert.deepEqual(failed, [])
  }

  return {
    uidOf,
    broadcaster: async (name) => {
      const uid = uidOf(name)
      const live = await system.app.createLive({ uid, name })
      const watcher = await connect(uid, live.roomId)
      const broadcaster: Broadcaster = { uid, name, roomId: live.roomId, type: 2, live, watcher }
      lives.push(broadcaster)
      return broadcaster
    },
    viewer: async (name, { roomId }) => {
      const uid = uidOf(name)
      ok(await system.app.play({ roomId, uid, name }))
      return { uid, name, watcher: await connect(uid, roomId) }
    },
    connection: (uid, { roomId }) => connect(uid, roomId),
    expectIn,
    settled,
    end: async () => {
      await settled()
      for (const live of lives) {
        // A room that the test has ended already says nothing more.
        if (!hasEnded(live)) expectIn([live], push.liveEnded(live.roomId))
        ok(await system.app.leaveLive(live.roomId))
      }
      await settled()
      await Promise.all(watchers.map(({ watcher }) => watcher.client.ping()))
      assert.deepEqual(
        watchers.flatMap(({ watcher }) => watcher.problems()),
        [],
      )
    },
    clients: () => watchers.map(({ watcher }) => watcher.client),
  }
}

const hasEnded = ({ watcher }: Broadcaster): boolean => watcher.client.messages().some(({ type }) => type === 8)

/** The answer, which has to be 200. */
export const ok = (answer: Answer): Answer => {
  assert.deepEqual([answer.status, answer.code], [200, 200], answer.message)
  return answer
}

/** The refusal: understood and decided, with that code. */
export const refusedWith = (code: number, answer: Answer): void => {
  assert.deepEqual([answer.status, answer.code], [200, code], answer.message)
}
