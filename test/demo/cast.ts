import type { Answer } from '../support/app-server.ts'
import { joinRooms } from '../support/edge-client.ts'
import type { PushPattern } from '../support/push-patterns.ts'
import { conversationOf, watch } from '../support/watcher.ts'
import type { Watcher } from '../support/watcher.ts'
import type { Printer } from './printer.ts'
import type { Progress } from './progress.ts'

/** What each client has to receive, by name: groups one after the other, any order inside a group. */
export type Expected = Readonly<Record<string, readonly (readonly PushPattern[])[]>>

/** The clients of a demo, who are told things and have to hear exactly what follows from them. */
export type Cast = {
  readonly join: (name: string, uid: string, room: string) => Promise<void>
  /** Somebody does something; resolves when everybody has received exactly what is due, and has printed it. */
  readonly step: (
    text: string,
    act: () => Promise<Answer | void>,
    expected: (answer: Answer) => Expected,
  ) => Promise<void>
  /** Says for each client what it has received; throws when that was anything else than what was due. */
  readonly review: () => Promise<void>
  /** What is wrong with what the clients have received so far, one sentence each. */
  readonly problems: () => readonly string[]
  readonly close: () => Promise<void>
}

const nothing: Answer = { status: 200, code: 200, message: '', data: {}, retryAfter: null }

/** Throws unless the answer is that it was done. */
export const done = (answer: Answer): Answer => {
  if (answer.code === 200) return answer
  throw new Error(`ingest answered ${answer.code} (status ${answer.status}): ${answer.message}`)
}

export const createCast = ({
  edgeUrl: url,
  tokenSecret: secret,
  printer,
  progress,
  arrivedWithinMs,
}: {
  readonly edgeUrl: string
  readonly tokenSecret: string
  readonly printer: Printer
  readonly progress: Progress
  /** For how long what is due may be on its way. */
  readonly arrivedWithinMs?: number
}): Cast => {
  const watchers = new Map<string, Watcher>()
  const arrivals = async (expected: Expected) => {
    const waits = Object.entries(expected).map(async ([name, groups]) => {
      const watcher = watchers.get(name)
      for (const group of groups) watcher?.expect(...group)
      return { name, messages: (await watcher?.arrived(arrivedWithinMs)) ?? [] }
    })
    return Promise.all(waits)
  }
  return {
    join: async (name, uid, room) => {
      const client = await joinRooms({ url, secret, uid, rooms: [room] })
      watchers.set(name, watch(client, room))
      printer.received(name, await client.waitForPush(104))
    },
    step: async (text, act, expected) => {
      printer.step(text)
      const answer = (await act()) ?? nothing
      const told = await progress.during('everybody hears of it', arrivals(expected(done(answer))))
      for (const { name, messages } of told) for (const message of messages) printer.received(name, message)
    },
    review: async () => {
      for (const [name, { client, problems }] of watchers) {
        await client.ping()
        const wrong = problems()
        if (wrong.length > 0) throw new Error(wrong.join('; '))
        const types = conversationOf(client).map(({ type }) => type)
        printer.success(`${name} received exactly what is due, ${types.length} messages: ${types.join(' ')}`)
      }
    },
    problems: () => [...watchers.values()].flatMap(({ problems }) => problems()),
    close: async () => {
      await Promise.all([...watchers.values()].map(({ client }) => client.close()))
    },
  }
}
