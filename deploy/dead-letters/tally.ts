import { toText, type Letter, type Mark } from './letter.ts'

type Replayed = { readonly to: string; readonly at: number }

/** A letter without its bytes. */
export type Listed = Omit<Letter, 'kind' | 'value' | 'headers' | 'sourceTime' | 'leftOutBytes' | 'replayOf'> & {
  readonly bytes: number
  readonly replayed: Replayed | undefined
}

type Kept = Omit<Listed, 'replayed'>

export type Row = {
  readonly topic: string
  readonly code: string
  readonly service: string
  readonly why: string
  letters: number
  replayed: number
  newest: number
}

/** Counts all letters by reason and keeps the newest; its size depends on how many replays there were, not on how many letters. */
export type Tally = {
  /** Counts it. */
  readonly take: (entry: Letter | Mark) => void
  /** Notes where a record was replayed to, whichever service's letter of it was chosen. */
  readonly noteReplay: (mark: Mark) => void
  /** Most letters first. */
  readonly rows: () => readonly Row[]
  /** Newest first. */
  readonly newest: () => readonly Listed[]
}

/** Reasons that are told apart; more come together in one row. */
const maxRows = 200
const maxKeyBytes = 256
const others = '(others)'

/** The words of a reason without its numbers and names, so that like comes to like. */
const shapeOf = (why: string): string => why.slice(0, 200).replaceAll(/\d+/g, 'N')

const bySecond = (one: Kept, other: Kept): number =>
  other.givenUpAt - one.givenUpAt || other.at.partition - one.at.partition || other.at.offset - one.at.offset

export const createTally = ({ limit }: { readonly limit: number }): Tally => {
  const rows = new Map<string, Row>()
  let kept: Kept[] = []
  /** By source: a letter may be written after the mark, by an instance that is behind. */
  const replays = new Map<string, Replayed>()

  const rowOf = (entry: Letter | Mark): Row => {
    const { code, service } = entry
    const { topic } = entry.source
    const why = shapeOf(entry.why)
    const name = JSON.stringify([topic, code, service, why])
    const isFull = rows.size >= maxRows && !rows.has(name)
    const key = isFull ? others : name
    const fresh = { letters: 0, replayed: 0, newest: 0 }
    const row =
      rows.get(key) ??
      (isFull
        ? { topic: others, code: others, service: others, why: '', ...fresh }
        : { topic, code, service, why, ...fresh })
    rows.set(key, row)
    return row
  }

  const cut = (): void => {
    kept = kept.toSorted(bySecond).slice(0, limit)
  }

  const keep = ({ at, source, room, code, why, service, key, value, leftOutBytes, givenUpAt }: Letter): void => {
    kept.push({
      at,
      source,
      code,
      why,
      service,
      givenUpAt,
      room: room?.slice(0, maxKeyBytes) ?? null,
      // Copied, as it is a view into all that was read with it, and not longer than is shown.
      key: key === null ? null : Buffer.from(key.subarray(0, maxKeyBytes)),
      bytes: leftOutBytes ?? value?.length ?? 0,
    })
    if (kept.length >= 2 * limit) cut()
  }

  return {
    take: (entry) => {
      const row = rowOf(entry)
      if (entry.kind === 'letter') {
        row.letters += 1
        row.newest = Math.max(row.newest, entry.givenUpAt)
        keep(entry)
        return
      }
      row.replayed += 1
    },
    noteReplay: ({ source, replayedTo, replayedAt }) => {
      replays.set(toText(source), { to: replayedTo, at: replayedAt })
    },
    rows: () => [...rows.values()].toSorted((one, other) => other.letters - one.letters),
    newest: () => {
      cut()
      return kept.map((letter) => ({ ...letter, replayed: replays.get(toText(letter.source)) }))
    },
  }
}
