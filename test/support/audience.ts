import { differences, isFor } from './compare-signals.ts'
import type { TestKafka } from './kafka.ts'
import { readSignals } from './push-log.ts'
import type { ResumingClient } from './resuming-client.ts'
import { until } from './until.ts'

// What is asked of many clients at once that come back and resume.

/** Waits until every client is subscribed to all its rooms. */
export const everybodyThere = async (clients: readonly ResumingClient[], deadlineMs = 60_000): Promise<void> => {
  const away = (): number => clients.filter((client) => !client.isThere()).length
  const problems = (): string => clients.flatMap((client) => client.problems.slice(0, 1))[0] ?? 'no problem told'
  await until('', () => away() === 0, deadlineMs).catch(() => {
    throw new Error(`${away()} of ${clients.length} clients are not there after ${deadlineMs} ms: ${problems()}`)
  })
}

export type Audit = {
  /** Messages of weights 4 and 5 that were received, over all clients and rooms. */
  readonly received: number
  /** In what clients differ from the log or the edge from its contract; empty when all is well. */
  readonly found: readonly string[]
}

/** Waits until the clients have received what the log has for them, as far as it comes, and compares it. */
export const audit = async (
  kafka: Pick<TestKafka, 'kafka' | 'registryUrl'>,
  clients: readonly ResumingClient[],
  deadlineMs = 20_000,
): Promise<Audit> => {
  const rooms = [...new Set(clients.flatMap((client) => client.rooms))]
  const log = await readSignals(kafka, rooms)
  /** The last message of a weight that must come. */
  const last = (room: string, uid: string, weight: number): number =>
    log.get(room)?.findLast((one) => one.weight === weight && isFor(one, uid) && one.expiresAt > lasting)?.pos ?? -1
  const lasting = Date.now() + 2 * deadlineMs
  const isDone = (client: ResumingClient): boolean =>
    client.rooms.every((room) =>
      ([4, 5] as const).every((weight) => {
        const newest =
          client.seen(room).findLast((one) => one.weight === weight)?.pos ?? client.from(room)?.[weight] ?? -1
        return newest >= last(room, client.uid, weight)
      }),
    )
  const isOver = () => clients.every(isDone)
  await until('everybody has the last message', isOver, deadlineMs).catch(() => undefined) // the differences say more
  const now = Date.now()
  let received = 0
  const found = clients.flatMap((client) => {
    const perRoom = client.rooms.flatMap((room) => {
      const seen = client.seen(room)
      received += seen.length
      const from = client.from(room)
      if (from === undefined) return [`${client.uid} was never subscribed to ${room}`]
      const told = differences({ seen, log: log.get(room) ?? [], uid: client.uid, from, until: now })
      return told.map((difference) => `${client.uid} in ${room}: ${difference}`)
    })
    return [...client.problems, ...perRoom]
  })
  return { received, found }
}
