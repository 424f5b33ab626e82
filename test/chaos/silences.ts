import type { Wait } from './check-log.ts'

/** Something that was done to the system, and when (epoch ms). */
export type Blow = { readonly what: string; readonly at: number }

/** How long inputs waited at most because of a blow, and in which partition. */
export type Silence = Blow & { readonly longestMs: number; readonly partition: number | undefined }

/**
 * The longest wait of any input that was under way at a blow or came after it, before the next one. With blows close to each other the wait
 * counts for each that fell into it.
 */
export const measureSilences = (blows: readonly Blow[], waits: readonly Wait[]): readonly Silence[] =>
  blows.map((blow, index) => {
    const next = blows[index + 1]?.at ?? Infinity
    let longest: Wait | undefined
    for (const wait of waits) {
      if (wait.to < blow.at || wait.from >= next) continue
      if (longest === undefined || wait.to - wait.from > longest.to - longest.from) longest = wait
    }
    return { ...blow, longestMs: longest === undefined ? 0 : longest.to - longest.from, partition: longest?.partition }
  })
