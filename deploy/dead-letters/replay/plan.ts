import { toText, type Letter } from '../letter.ts'
import { earlierLeft, judge, type Candidate, type Found, type Limits, type Verdict } from './judge.ts'
import type { Overridable } from './rules.ts'
import { roomName, type Selection } from './select.ts'

export type Step = { readonly candidate: Candidate; readonly verdict: Verdict }

/**
 * What becomes of each candidate, in their order: one that is refused holds up those of its room that came after it, and a live that is
 * created is there for them. Pure.
 */
export const plan = (
  candidates: readonly Candidate[],
  found: ReadonlyMap<Candidate, Found>,
  {
    selection,
    ...rules
  }: {
    readonly selection: Pick<Selection, 'givers' | 'rooms' | 'standings'>
    readonly anyway: ReadonlySet<Overridable>
    readonly limits: Limits
    readonly now: number
  },
): readonly Step[] => {
  const refused = new Map<string, Letter[]>()
  const created = new Set<string>()
  return candidates.map((candidate) => {
    const { letter, key, record } = candidate
    const room = roomName(letter.source.topic, key) ?? ''
    const behind = refused.get(room) ?? []
    const known = found.get(candidate)
    const isCreated = known?.room === undefined && created.has(key ?? '')
    const verdict = judge(
      candidate,
      known && isCreated ? { ...known, room: { hasEnded: false, decidedTo: -1 } } : known,
      {
        ...rules,
        earlier: earlierLeft(letter, selection.rooms.get(room), behind, selection.standings),
        givers: selection.givers.get(toText(letter.source)) ?? new Set(),
      },
    )
    if (verdict.kind === 'refused') refused.set(room, [...behind, letter])
    else if (typeof record !== 'string' && record.type === 'LiveCreateRequested') created.add(key ?? '')
    return { candidate, verdict }
  })
}
