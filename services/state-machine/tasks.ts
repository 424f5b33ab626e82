import type { Assignment, GroupConsumer } from '../shared/kafka/group-consumer.ts'
import type { Fetched } from '../shared/kafka/reader.ts'
import type { Log } from '../shared/log.ts'
import type { TaskMetrics } from './metrics.ts'
import { pause } from './pause.ts'
import type { Journal } from './ports.ts'
import type { Task } from './task.ts'

/** The tasks of this instance: one for each partition that it is assigned. */
export type Tasks = {
  /** The assigned partitions, each with the first offset that is not decided; undefined while it is being taken over. */
  readonly positions: () => ReadonlyMap<number, number | undefined>
  readonly close: () => Promise<void>
}

/** What the consumer group says to its member. */
export type GroupEvents = {
  readonly onAssigned: (assignment: Pick<Assignment, 'added' | 'removed' | 'kept'>) => void
  readonly onMessages: (fetched: Fetched) => void
}
type Member = Pick<GroupConsumer, 'pause' | 'resume' | 'seek' | 'close'>

type Seat = { readonly partition: number; task: Task | undefined; readonly controller: AbortController }

const firstRetryMs = 100
const longestRetryMs = 5_000

/**
 * Keeps the tasks in step with the assignment. A partition that stays keeps its task and memory. One that is added is opened
 * (fence, restore, position), then delivered from there. A task that breaks is opened anew in the same way: an error of a
 * commit is neither commit nor abort, only the log can tell.
 */
export const startTasks = async ({
  joinGroup,
  openJournal,
  startTask,
  metrics,
  onReady,
  log,
}: {
  joinGroup: (events: GroupEvents) => Promise<Member>
  openJournal: (partition: number, signal: AbortSignal) => Promise<Journal>
  startTask: (options: {
    readonly partition: number
    readonly journal: Journal
    readonly onDrained: () => void
    readonly onBroken: (error: unknown) => void
  }) => Task
  metrics: TaskMetrics
  /** Whether every assigned partition has its task. */
  onReady: (isReady: boolean) => void
  log: Log
}): Promise<Tasks> => {
  // The group may assign before it has handed out its member.
  const joined = Promise.withResolvers<Member>()
  const seats = new Map<number, Seat>()
  const closing = new Set<Promise<void>>()
  let member: Member | null = null

  const report = (): void => onReady([...seats.values()].every(({ task }) => task !== undefined))

  const open = async (seat: Seat): Promise<void> => {
    const { partition, controller } = seat
    const { signal } = controller
    const startedAt = performance.now()
    for (let retryMs = firstRetryMs; !signal.aborted; retryMs = Math.min(2 * retryMs, longestRetryMs)) {
      try {
        const consumer = await joined.promise
        const journal = await openJournal(partition, signal)
        if (signal.aborted) return await journal.close()
        const { rooms, next, records } = journal.restored
        const seconds = (performance.now() - startedAt) / 1_000
        const restoredRooms = rooms.size
        seat.task = startTask({
          partition,
          journal,
          onDrained: () => {
            if (seats.get(partition) === seat) consumer.resume(partition)
          },
          onBroken: (error) => reopen(seat, error),
        })
        metrics.restored({ seconds, rooms: restoredRooms, records })
        consumer.seek(partition, next)
        consumer.resume(partition)
        log.info({ partition, rooms: restoredRooms, next, seconds }, 'partition taken over')
        return report()
      } catch (error) {
        if (signal.aborted) return
        log.warn({ err: error, partition, retryMs }, 'a partition cannot be taken over for now; trying again')
        await pause(retryMs, signal)
      }
    }
  }

  const reopen = (seat: Seat, error: unknown): void => {
    if (seats.get(seat.partition) !== seat) return
    metrics.aborted()
    log.warn({ err: error, partition: seat.partition }, 'a transaction failed: taking the partition over anew')
    member?.pause(seat.partition)
    leave(seat)
    sit(seat.partition)
  }

  const sit = (partition: number): void => {
    const seat: Seat = { partition, task: undefined, controller: new AbortController() }
    seats.set(partition, seat)
    void open(seat) // never rejects: it goes on until it is open or aborted
  }

  const leave = (seat: Seat): void => {
    if (seats.get(seat.partition) === seat) seats.delete(seat.partition)
    seat.controller.abort()
    const closed = (seat.task?.close() ?? Promise.resolve())
      .catch((error: unknown) => log.warn({ err: error, partition: seat.partition }, 'a task did not close cleanly'))
      .finally(() => closing.delete(closed))
    closing.add(closed)
  }

  const assign: GroupEvents['onAssigned'] = ({ added, removed, kept }) => {
    for (const partition of removed) {
      const seat = seats.get(partition)
      if (seat !== undefined) leave(seat)
    }
    for (const partition of kept) {
      // The group forgets positions at each join; the task knows its own.
      const next = seats.get(partition)?.task?.next()
      if (next !== undefined) member?.seek(partition, next)
    }
    for (const partition of added) sit(partition)
    report()
  }

  const take: GroupEvents['onMessages'] = (fetched) => {
    const { partition } = fetched
    if (seats.get(partition)?.task?.take(fetched) === false) member?.pause(partition)
  }

  member = await joinGroup({ onAssigned: assign, onMessages: take })
  joined.resolve(member)

  return {
    positions: () => new Map([...seats].map(([partition, { task }]) => [partition, task?.decidedTo()])),
    close: async () => {
      for (const seat of seats.values()) leave(seat)
      await Promise.all(closing)
      await member?.close()
    },
  }
}
