import type { Room } from '../../schemas/types.generated.ts'

/** A deadline of a room, as it stands in the room's state. */
export type Deadline = {
  readonly roomId: string
  readonly kind: string
  readonly subject: string
  readonly generation: number
  /** When it is to be looked at next, epoch ms: the deadline itself, or the time for another try. */
  readonly at: number
}

export type TimerQueue = {
  readonly add: (deadline: Deadline) => void
  /** Adds the deadlines of a room that are newer than a generation. */
  readonly addNewer: (room: Room, generation: number) => void
  /** Takes the deadlines out that are due at `now`, the earliest first, `limit` at most. */
  readonly takeDue: (now: number, limit: number) => readonly Deadline[]
  /** When the earliest is due; undefined when there is none. */
  readonly nextAt: () => number | undefined
  readonly size: () => number
}

/**
 * A binary heap of deadlines, earliest first. Deletion is lazy: a deadline that has left the room's state stays here until it is
 * due, and whoever takes it then sees that it is stale. Its size is bounded by what lives in the state, plus what was replaced
 * within the longest deadline.
 */
export const createTimerQueue = (): TimerQueue => {
  const heap: Deadline[] = []
  const at = (index: number): number => heap[index]?.at ?? Infinity

  const swap = (one: number, other: number): void => {
    const a = heap[one]
    const b = heap[other]
    if (a === undefined || b === undefined) return
    heap[one] = b
    heap[other] = a
  }

  const add = (deadline: Deadline): void => {
    heap.push(deadline)
    for (let index = heap.length - 1; index > 0;) {
      const parent = (index - 1) >> 1
      if (at(parent) <= at(index)) break
      swap(parent, index)
      index = parent
    }
  }

  const takeFirst = (): Deadline | undefined => {
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    for (let index = 0; ;) {
      const left = 2 * index + 1
      const smaller = at(left + 1) < at(left) ? left + 1 : left
      if (at(smaller) >= at(index)) break
      swap(smaller, index)
      index = smaller
    }
    return first
  }

  return {
    add,
    addNewer: ({ roomId, timers }, newerThan) => {
      for (const { kind, subject, at: due, generation } of timers) {
        if (generation > newerThan) add({ roomId, kind, subject, generation, at: due })
      }
    },
    takeDue: (now, limit) => {
      const due: Deadline[] = []
      while (due.length < limit && at(0) <= now) {
        const deadline = takeFirst()
        if (deadline !== undefined) due.push(deadline)
      }
      return due
    },
    nextAt: () => heap[0]?.at,
    size: () => heap.length,
  }
}
