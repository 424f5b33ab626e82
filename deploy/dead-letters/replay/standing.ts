import { toText, type Letter, type Position } from '../letter.ts'

/** A place in the order of a room, and the time of the record that stood there. */
export type Standing = Pick<Letter, 'source' | 'sourceTime'>

/**
 * Where records stand in the order of their room. One that was replayed and came back stands where the first one stood: what its
 * replay appended to the log was no later event.
 */
export type Standings = {
  /** Notes which letters came back; all of them, before anything is asked. */
  readonly take: (letter: Letter) => void
  /** Notes the times of those that came first; all letters once more. */
  readonly takeTime: (letter: Letter) => void
  /** The position of the first one, for that of a record which may be a replay. */
  readonly firstOf: (source: Position) => Position
  readonly of: (letter: Letter) => Standing
}

export const createStandings = (): Standings => {
  const origins = new Map<string, Position>()
  const times = new Map<string, number | undefined>()

  const firstOf = (source: Position): Position => {
    const passed = new Set<string>()
    let first = source
    for (;;) {
      const name = toText(first)
      const origin = origins.get(name)
      // Headers are anybody's: they might go round in a circle.
      if (origin === undefined || passed.has(name)) return first
      passed.add(name)
      first = origin
    }
  }

  return {
    take: ({ source, replayOf }) => {
      if (replayOf?.topic !== source.topic) return
      origins.set(toText(source), replayOf)
      times.set(toText(replayOf), undefined)
    },
    takeTime: ({ source, sourceTime }) => {
      const name = toText(source)
      if (times.has(name)) times.set(name, sourceTime)
    },
    firstOf,
    of: ({ source, sourceTime }) => {
      const first = firstOf(source)
      return { source: first, sourceTime: times.get(toText(first)) ?? sourceTime }
    },
  }
}

/** Within a partition the order of the log; across partitions, that is after a record went to the wrong one, the order of time. */
export const inOrder = (one: Standing, other: Standing): number =>
  one.source.topic === other.source.topic && one.source.partition === other.source.partition
    ? one.source.offset - other.source.offset
    : one.sourceTime - other.sourceTime
