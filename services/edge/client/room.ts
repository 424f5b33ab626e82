import { createRecentIds } from './recent-ids.ts'
import { applyEvent, type RoomView } from './room-view.ts'
import { eventOf, type Positions, type PushEvent, type PushLine, type SubscribedLine, type Weight } from './wire.ts'

/** Where delivery is to go on. */
export type Resume = { readonly epoch: string; readonly positions: Positions }

/** What a client has of a room: how far it has come, and how the room looks. */
export type Room = {
  readonly id: string
  /** Null before the first answer to a subscribe. */
  readonly resume: () => Resume | null
  readonly subscribed: (answer: SubscribedLine) => void
  /** The event of a message. Null: it was there already, or nobody knows what it is. */
  readonly take: (line: PushLine) => PushEvent | null
  /** Null until the first state has come. */
  readonly view: () => RoomView | null
}

/** Of each weight. More than can be under way twice when a connection is replaced. */
const rememberedIds = 512

export const createRoom = (id: string): Room => {
  let resume: Resume | null = null
  let asOf: PushLine['asOf']
  let view: RoomView | null = null
  /** Likes need none: several of them share an id, and none is sent again. */
  const seen = {
    4: createRecentIds(rememberedIds),
    5: createRecentIds(rememberedIds),
    8: createRecentIds(rememberedIds),
  }

  /**
   * The cursor tells what was there already. What is sent again keeps its old position and does not move the cursor, and a log that
   * was begun anew has old positions for new messages: there the id tells.
   */
  const isNew = (line: PushLine): boolean => {
    const { weight, pos } = line
    if (pos === undefined || resume === null) return true
    const isBehind = pos <= resume.positions[weight]
    if (!isBehind) resume = { ...resume, positions: { ...resume.positions, [weight]: pos } }
    if (weight === 9) return !isBehind
    // Only 1 and 2 are sent again; anything else from behind was delivered, or lies before the subscription.
    return seen[weight].add(line.id) && (!isBehind || weight === 4)
  }

  const isIncluded = (weight: Weight, pos: number | undefined): boolean =>
    pos !== undefined && asOf !== undefined && (weight === 4 || weight === 5) && pos <= asOf[weight]

  return {
    id,
    resume: () => resume,
    subscribed: ({ epoch, positions, recovered }) => {
      // What another connection brought since this one asked is not wanted again.
      const goesOn = recovered === true && resume?.epoch === epoch
      resume = { epoch, positions: goesOn && resume !== null ? furthest(resume.positions, positions) : positions }
    },
    take: (line) => {
      if (!isNew(line)) return null
      if (line.asOf !== undefined) asOf = line.asOf
      const event = eventOf(line, isIncluded(line.weight, line.pos)) ?? null
      if (event !== null) view = applyEvent(view, event)
      return event
    },
    view: () => view,
  }
}

const furthest = (a: Positions, b: Positions): Positions => ({
  4: Math.max(a[4], b[4]),
  5: Math.max(a[5], b[5]),
  8: Math.max(a[8], b[8]),
  9: Math.max(a[9], b[9]),
})
