import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { Letter } from '../letter.ts'
import { now } from '../testing.ts'
import type { Candidate, Found } from './judge.ts'

// Builders for the tests of this folder, besides those of letters.

const common = { eventId: 'e1', roomId: 'r1', occurredAt: now }

export const records = {
  published: { type: 'StreamNotified', record: { ...common, action: 'publish', cloudTime: null } },
  created: { type: 'LiveCreateRequested', record: { ...common, uid: 'ann', name: null, description: null } },
  cancelled: { type: 'CohostCancelRequested', record: { ...common, inviterUid: 'ann', inviteeUid: null } },
  timer: { type: 'TimerFired', record: { ...common, timer: 'grace', subject: '', generation: 1 } },
  comment: { type: 'Commented', record: { ...common, uid: 'ann', name: 'Ann', comment: 'hello' } },
  like: { type: 'Liked', record: { ...common, uid: 'ann', name: 'Ann', count: 1 } },
} as const satisfies Record<string, AnyRecord>

export const aCandidate = (letter: Letter, over: Partial<Candidate> = {}): Candidate => ({
  letter,
  key: 'r1',
  value: letter.value,
  record: records.published,
  partition: 3,
  ...over,
})

/** Nothing stands against a replay. */
export const nothingAgainst: Found = {
  reaches: true,
  replay: undefined,
  repeat: undefined,
  wentOn: undefined,
  room: { hasEnded: false, decidedTo: 9 },
}
