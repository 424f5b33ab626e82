import type { PeerMessage } from '../../schemas/types.generated.ts'

/**
 * Everything at one moment, in numbers (of an interner) so that it can be copied and compared cheaply. Rooms have slots in the order
 * of their first appearance.
 */
export type State = {
  /** By slot: the room in normal form; 0: nothing is known of it. */
  readonly rooms: readonly number[]
  /** Messages under way, one list per ordered pair of rooms, by `lane`; no empty lists. */
  readonly lanes: readonly Lane[]
  /** By slot: mix commands that the video cloud has not answered yet, oldest first. */
  readonly commands: readonly (readonly number[])[]
  /** By slot: the newest messages that a crash of the sender would send again, oldest first. */
  readonly unacknowledged: readonly (readonly number[])[]
  /** What may still happen, and how often. */
  readonly budgets: readonly number[]
  /** What has happened as far as the invariants ask. */
  readonly story: number
}

export type Lane = { readonly lane: number; readonly parcels: readonly number[] }

/**
 * A message under way: its number and a tag. Tag 0: no copy of it exists and none can come to be, so its id need not be told apart
 * from any other.
 */
export type Parcel = { readonly message: number; readonly tag: number }
const tags = 32
export const pack = ({ message, tag }: Parcel): number => message * tags + tag
export const unpack = (parcel: number): Parcel => ({ message: Math.floor(parcel / tags), tag: parcel % tags })

/** A step of a mix, numbered in its session, is recognised by its number; all else by its id. */
export const isNumbered = ({ kind, number }: PeerMessage): boolean => (kind === 'fact' || kind === 'step') && number > 0

/** Adds to one lane, which is made where it is missing. */
export const addTo = (lanes: readonly Lane[], lane: number, added: readonly number[]): readonly Lane[] => {
  const index = lanes.findIndex((one) => one.lane >= lane)
  const found = lanes[index]
  if (found === undefined) return [...lanes, { lane, parcels: added }]
  if (found.lane === lane) return lanes.with(index, { lane, parcels: [...found.parcels, ...added] })
  return lanes.toSpliced(index, 0, { lane, parcels: added })
}

export const withoutHead = (lanes: readonly Lane[], index: number): readonly Lane[] => {
  const { lane, parcels } = lanes[index] ?? { lane: 0, parcels: [] }
  return parcels.length <= 1 ? lanes.toSpliced(index, 1) : lanes.with(index, { lane, parcels: parcels.slice(1) })
}

/** A list by slot with one entry replaced; missing entries before it are filled. */
export const withSlot = <T>(list: readonly T[], slot: number, value: T, missing: T): readonly T[] => {
  if (slot < list.length) return list.with(slot, value)
  return [...list, ...Array.from({ length: slot - list.length }, () => missing), value]
}

/** The state as one list of integers: equal states, and only they, have equal lists. */
export const flatten = (state: State): readonly number[] => {
  const flat: number[] = [state.story, state.rooms.length, ...state.rooms, ...state.budgets, state.lanes.length]
  for (const { lane, parcels } of state.lanes) flat.push(lane, parcels.length, ...parcels)
  for (const commands of state.commands) flat.push(-1, ...commands)
  flat.push(-2)
  for (const parcels of state.unacknowledged) flat.push(-1, ...parcels)
  return flat
}
