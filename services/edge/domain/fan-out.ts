import { likesOf, type Line } from './line.ts'
import type { MergeReason } from './losses.ts'

/** What one tick brings to a room, in delivery order. */
export type FanOut = {
  /** For everyone in the room. */
  readonly shared: readonly Line[]
  /** For one user each: `toUid` says for whom. All of them are of weight 4, so they go before what is shared. */
  readonly personal: readonly Line[]
  /** How many lines are not among these, as a newer one stands for them. */
  readonly merged: Readonly<Record<MergeReason, number>>
}

/** Makes a like that stands for `count`. */
export type WithCount = (line: Line, count: number) => Line

/**
 * Puts the lines that came to a room in one tick in order: by weight, inside a weight as in the log. Its likes become one, with
 * the sum of their counts; of other messages of weight 9 the newest is left.
 */
export const fanOut = (lines: readonly Line[], withCount: WithCount): FanOut => {
  const personal: Line[] = []
  const signals: Line[] = []
  const comments: Line[] = []
  const tallies: Line[] = []
  let like: Line | undefined
  let likes = 0
  let other: Line | undefined
  const merged = { counted: 0, replaced: 0 }
  for (const line of lines) {
    if (line.toUid !== null) personal.push(line)
    else if (line.weight < 8) signals.push(line)
    else if (line.weight === 8) comments.push(line)
    else if (line.liked === null) {
      if (other !== undefined) merged.replaced += 1
      other = line
    } else {
      if (like !== undefined) merged.counted += 1
      like = line
      likes += likesOf(line)
    }
  }
  if (like !== undefined) tallies.push(likes === likesOf(like) ? like : withCount(like, likes))
  if (other !== undefined) tallies.push(other)
  return { personal: inWeightOrder(personal), shared: [...inWeightOrder(signals), ...comments, ...tallies], merged }
}

/** Orders lines by weight; inside a weight they keep their order. Most often they are in order already. */
const inWeightOrder = (lines: Line[]): Line[] => (lines.length < 2 ? lines : lines.sort((a, b) => a.weight - b.weight))
