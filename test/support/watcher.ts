import { isPush } from './edge-client.ts'
import type { EdgeClient, PushLine } from './edge-client.ts'
import { differences, matches } from './pattern.ts'
import type { PushPattern } from './push-patterns.ts'

/** Weight of each type, as the contract has it. */
const weights: Readonly<Record<number, number>> = {
  1: 4,
  2: 4,
  3: 4,
  4: 5,
  5: 5,
  6: 8,
  7: 9,
  8: 5,
  9: 5,
  10: 5,
  14: 5,
  15: 5,
  16: 5,
  17: 5,
  100: 4,
  101: 4,
  102: 4,
}

/** Long, as a machine may be busy; nothing is slower for it when all is well. */
const defaultTimeoutMs = 20_000

/** How many watch (103) and the state at subscription (104) come by themselves and are no part of a conversation. */
const isAmbient = ({ type }: PushLine): boolean => type === 103 || type === 104

/** A client together with all that it has to receive, and nothing else. */
export type Watcher = {
  readonly client: EdgeClient
  /** It has to receive these next, in any order among themselves. */
  readonly expect: (...patterns: readonly PushPattern[]) => void
  /** Resolves with what came since the last call, once everything expected has come; rejects when anything else came. */
  readonly arrived: (timeoutMs?: number) => Promise<readonly PushLine[]>
  /** What is wrong with what has come so far, one sentence each. */
  readonly problems: () => readonly string[]
}

/** Watches what a client receives in `room`; its envelopes are checked, too. */
export const watch = (client: EdgeClient, room: string): Watcher => {
  const groups: Array<readonly PushPattern[]> = []
  let seen = 0
  const received = (): readonly PushLine[] => client.messages().filter((message) => !isAmbient(message))
  const expected = (): number => groups.reduce((sum, group) => sum + group.length, 0)

  const problems = (): readonly string[] => {
    const messages = received()
    const found: string[] = []
    let from = 0
    for (const group of groups) {
      found.push(...compareGroup(messages.slice(from, from + group.length), group))
      from += group.length
    }
    for (const message of messages.slice(from)) found.push(`nobody expected ${describe(message)}`)
    return [...found, ...envelopeProblems(messages, room)].map((problem) => `${client.uid}: ${problem}`)
  }

  return {
    client,
    expect: (...patterns) => void groups.push(patterns),
    problems,
    arrived: async (timeoutMs = defaultTimeoutMs) => {
      try {
        await client.waitForPushes(expected(), (message) => !isAmbient(message), { timeoutMs })
      } catch (error) {
        throw new Error(`not everything came: ${problems().join('; ')}`, { cause: error })
      }
      const wrong = problems()
      if (wrong.length > 0) throw new Error(wrong.join('; '))
      const news = received().slice(seen)
      seen += news.length
      return news
    },
  }
}

/** Pairs messages with the patterns of their group; what stays over on either side is a problem. */
const compareGroup = (messages: readonly PushLine[], group: readonly PushPattern[]): readonly string[] => {
  const left = [...messages]
  const unmet = group.filter((pattern) => {
    const index = left.findIndex(({ type, data }) => type === pattern.type && matches(data, pattern.data))
    if (index >= 0) left.splice(index, 1)
    return index < 0
  })
  return unmet.map((pattern) => {
    const index = left.findIndex(({ type }) => type === pattern.type)
    const [near] = index < 0 ? [] : left.splice(index, 1)
    if (near !== undefined) return `type ${pattern.type}: ${differences(near.data, pattern.data).join(', ')}`
    const [other] = left.splice(0, 1)
    return `type ${pattern.type} is missing${other === undefined ? '' : `, in its place came ${describe(other)}`}`
  })
}

const envelopeProblems = (messages: readonly PushLine[], room: string): readonly string[] => {
  const last = new Map<number, number>()
  const ids = new Set<string>()
  return messages.flatMap((message) => {
    const { type, time, data: _, room: in_, weight, pos, id, ...rest } = message
    const found: string[] = []
    const wrong = (what: string): void => void found.push(`type ${type}: ${what}`)
    if (in_ !== room) wrong(`came for room ${in_}, not ${room}`)
    if (weight !== weights[type]) wrong(`has weight ${weight}, not ${weights[type]}`)
    if (!Number.isSafeInteger(time) || Math.abs(Date.now() - time) > 3_600_000) wrong(`has time ${time}`)
    if (pos === undefined || !Number.isSafeInteger(pos) || pos <= (last.get(weight) ?? -1)) wrong(`has pos ${pos}`)
    if (typeof id !== 'string' || id === '' || ids.has(id)) wrong(`has id ${id}`)
    if (Object.keys(rest).length > 0) wrong(`has also ${Object.keys(rest).join(', ')}`)
    last.set(weight, pos ?? -1)
    ids.add(id)
    return found
  })
}

const describe = ({ type, data }: PushLine): string => `type ${type} with ${Object.keys(data).join(', ')}`

/** The messages among a client's lines that are part of the conversation. */
export const conversationOf = (client: EdgeClient): readonly PushLine[] =>
  client.lines.filter(isPush).filter((message) => !isAmbient(message))
