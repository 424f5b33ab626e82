import type { DropReason, Losses, MergeReason } from '../losses.ts'

/** Adds up what it hears. */
export const countLosses = (): {
  readonly losses: Losses
  readonly dropped: Readonly<Record<DropReason, number>>
  readonly merged: Readonly<Record<MergeReason, number>>
} => {
  const dropped = { queue_full: 0, memory_full: 0, too_many: 0, expired: 0 }
  const merged = { counted: 0, replaced: 0 }
  return {
    losses: {
      dropped: (reason, messages) => void (dropped[reason] += messages),
      merged: (reason, messages) => void (merged[reason] += messages),
    },
    dropped,
    merged,
  }
}
