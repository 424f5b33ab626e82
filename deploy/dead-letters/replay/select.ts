import { matches, type Filter } from '../filter.ts'
import { toText, type Letter, type Mark } from '../letter.ts'
import type { Place } from '../option-values.ts'
import { createStandings, inOrder, type Standings } from './standing.ts'

/** Reads all letters and marks, in the order of the log within each partition; the same each time, but for what is new. */
export type ReadLetters = (take: (entry: Letter | Mark) => void) => Promise<void>

/** What all letters say of one room's records in one source topic. */
export type RoomLetters = {
  /** Places of records that were given up, as `partition/offset`; they changed nothing when they were read. */
  readonly givenUp: Set<string>
  /** The first letter that is neither replayed nor chosen. */
  left: Letter | undefined
}

export type Selection = {
  /** Chosen and not replayed yet, one for each source record, in the order in which they were written. */
  readonly letters: readonly Letter[]
  /** So many more fit. */
  readonly more: number
  /** Of those that were chosen by place: replayed already. */
  readonly replayed: readonly Mark[]
  /** By source position: every service that gave up the record. */
  readonly givers: ReadonlyMap<string, ReadonlySet<string>>
  readonly rooms: ReadonlyMap<string, RoomLetters>
  readonly standings: Pick<Standings, 'of' | 'firstOf'>
}

/** Values of so many bytes together are kept for one run. */
const maxValueBytes = 64 << 20

/** One name for a room's records in a topic: among those, order matters. */
export const roomName = (topic: string, room: string | null): string | undefined =>
  room === null ? undefined : `${topic} ${room}`

const isChosen = (letter: Letter, which: readonly Place[] | Filter): boolean =>
  'length' in which
    ? which.some(({ partition, offset }) => letter.at.partition === partition && letter.at.offset === offset)
    : matches(letter, which)

const copy = (letter: Letter): Letter => ({
  ...letter,
  key: letter.key === null ? null : Buffer.from(letter.key),
  value: letter.value === null ? null : Buffer.from(letter.value),
  headers: Object.fromEntries(Object.entries(letter.headers).map(([name, value]) => [name, Buffer.from(value)])),
})

/**
 * Chooses the letters to be replayed, oldest first, at most `limit` and 64 MiB of them, and finds what else is known of their rooms.
 * Reads the letters three times, so that the memory depends on what was replayed and on what is chosen, not on the topic's size.
 */
export const select = async ({
  read,
  which,
  key,
  limit,
}: {
  readonly read: ReadLetters
  /** In the place of that of the letter. */
  readonly key: string | undefined
  readonly which: readonly Place[] | Filter
  readonly limit: number
}): Promise<Selection> => {
  const marks = new Map<string, Mark>()
  const standings = createStandings()
  const compare = (one: Letter, other: Letter): number => inOrder(standings.of(one), standings.of(other))
  await read((entry) => {
    if (entry.kind === 'mark') marks.set(toText(entry.source), entry)
    else standings.take(entry)
  })

  const chosen = new Map<string, Letter>()
  const replayed = new Map<string, Mark>()
  let bytes = 0
  let more = 0
  await read((entry) => {
    if (entry.kind === 'mark') return
    standings.takeTime(entry)
    if (!isChosen(entry, which)) return
    const source = toText(entry.source)
    const mark = marks.get(source)
    if (mark !== undefined) {
      if ('length' in which) replayed.set(source, mark)
      return
    }
    if (chosen.has(source)) return
    const size = entry.value?.length ?? 0
    if (chosen.size >= limit || bytes + size > maxValueBytes) {
      more += 1
      return
    }
    bytes += size
    chosen.set(source, copy(entry))
  })

  const givers = new Map([...chosen.keys()].map((source) => [source, new Set<string>()]))
  const rooms = new Map<string, RoomLetters>()
  for (const letter of chosen.values()) {
    const room = roomName(letter.source.topic, key ?? letter.room)
    if (room !== undefined) rooms.set(room, { givenUp: new Set(), left: undefined })
  }
  await read((entry) => {
    if (entry.kind === 'mark') return
    const source = toText(entry.source)
    givers.get(source)?.add(entry.service)
    const room = rooms.get(roomName(entry.source.topic, entry.room) ?? '')
    if (room === undefined) return
    room.givenUp.add(`${entry.source.partition}/${entry.source.offset}`)
    if (marks.has(source) || chosen.has(source)) return
    if (room.left === undefined || compare(entry, room.left) < 0)
      room.left = { ...entry, key: null, value: null, headers: {} }
  })

  const letters = [...chosen.values()].toSorted(compare)
  return { letters, more, replayed: [...replayed.values()], givers, rooms, standings }
}
