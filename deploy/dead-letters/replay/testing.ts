import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { Letter, Mark } from '../letter.ts'
import type { Candidate, Found } from './judge.ts'

// Builders for the tests of this folder.

export const now = 1_795_000_000_000

export const aLetter = (offset: number, over: Partial<Letter> = {}): Letter => ({
  kind: 'letter',
  at: { partition: 3, offset: 100 + offset },
  source: { topic: 'room.input.v1', partition: 3, offset },
  room: 'r1',
  code: 'RECORD_UNREADABLE',
  why: 'truncated buffer',
  service: 'state-machine',
  key: Buffer.from('r1'),
  value: Buffer.from([offset]),
  leftOutBytes: undefined,
  headers: {},
  givenUpAt: now + offset,
  sourceTime: now + offset,
  ...over,
})

export const aMark = (letter: Letter): Mark => ({
  kind: 'mark',
  at: { partition: letter.at.partition, offset: 1_000 + letter.at.offset },
  source: letter.source,
  room: letter.room,
  code: letter.code,
  why: letter.why,
  service: letter.service,
  replayedTo: 'room.input.v1/3/999',
  replayedAt: now,
})

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
