import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { judge, type Candidate, type Found, type Verdict } from './judge.ts'
import type { Overridable } from './rules.ts'
import { aLetter, now } from '../testing.ts'
import { aCandidate, nothingAgainst, records } from './testing.ts'

const limits = { inviteTtlMs: 30_000, graceMs: 180_000 }
const at = { topic: 'room.input.v1', partition: 3, offset: 50 }
const letter = aLetter(10)

const judged = (
  candidate: Partial<Candidate> = {},
  found: Partial<Found> = {},
  over: { earlier?: boolean; givers?: readonly string[]; anyway?: readonly Overridable[]; now?: number } = {},
): Verdict =>
  judge(
    aCandidate(letter, candidate),
    { ...nothingAgainst, ...found },
    {
      earlier: over.earlier ? aLetter(9) : undefined,
      givers: new Set(over.givers ?? ['state-machine']),
      anyway: new Set(over.anyway),
      limits,
      now: over.now ?? now,
    },
  )

const why = (verdict: Verdict): string => ('why' in verdict ? verdict.why : verdict.kind)

describe('a letter', () => {
  test('against which nothing stands is replayed where its key belongs', () => {
    assert.deepEqual(judged(), { kind: 'replay', partition: 3, key: 'r1', despite: [] })
    assert.deepEqual(judged({ partition: 7 }), { kind: 'replay', partition: 7, key: 'r1', despite: [] })
  })

  test('that is in the log already is only marked, whatever else would stand against it', () => {
    assert.deepEqual(judged({ record: 'no schema' }, { replay: at, wentOn: at }), { kind: 'mark', to: at })
  })

  test('whose event its sender has sent again is left alone, whatever is overruled', () => {
    const verdict = judged({}, { repeat: at, wentOn: at }, { anyway: ['gone-on'] })
    assert.equal(verdict.kind, 'settled')
  })
})

test('a letter whose record was decided after all is left alone', () => {
  const found = { room: { hasEnded: false, decidedTo: 10 } }
  assert.equal(judged({}, found).kind, 'settled')
  // In another partition that offset is another record's.
  assert.equal(judged({ partition: 7 }, found).kind, 'replay')
})

describe('nothing overrules that', () => {
  const everything: readonly Overridable[] = ['gone-on', 'earlier-left', 'too-late', 'room-ended']
  const cases: ReadonlyArray<readonly [name: string, verdict: Verdict, why: RegExp]> = [
    ['it cannot be read', judged({ record: 'no schema 9' }, {}, { anyway: everything }), /no schema 9.*Mend it/],
    [
      'its topic has other writers',
      judged({ letter: aLetter(10, { source: { ...at, topic: 'push.signal.v1' } }) }, {}, { anyway: everything }),
      /push\.signal\.v1 has writers of its own/,
    ],
    ['it is of another topic', judged({ record: records.like }, {}, { anyway: everything }), /a Liked does not belong/],
    ['a service writes it anew', judged({ record: records.timer }, {}, { anyway: everything }), /written anew/],
    ['its key is not its room', judged({ key: 'r2' }, {}, { anyway: everything }), /--key r1/],
    ['it has no key', judged({ key: null, partition: undefined }, {}, { anyway: everything }), /--key r1/],
    [
      'its room is no room',
      judged(
        { key: 'a b', record: { ...records.published, record: { ...records.published.record, roomId: 'a b' } } },
        {},
        { anyway: everything },
      ),
      /1 to 64 letters and digits/,
    ],
    ['the log has forgotten', judged({}, { reaches: 'not kept so far back' }, { anyway: everything }), /not kept/],
  ]
  for (const [name, verdict, expected] of cases)
    test(name, () => {
      assert.deepEqual([verdict.kind, 'rules' in verdict && verdict.rules], ['refused', []])
      assert.match(why(verdict), expected)
    })
})

describe('a rule that can be overruled', () => {
  const later = now + 1 + limits.graceMs
  const cases: ReadonlyArray<readonly [Overridable, (anyway: readonly Overridable[]) => Verdict]> = [
    ['gone-on', (anyway) => judged({}, { wentOn: at }, { anyway })],
    ['earlier-left', (anyway) => judged({}, {}, { anyway, earlier: true })],
    ['room-ended', (anyway) => judged({}, { room: { hasEnded: true, decidedTo: 9 } }, { anyway })],
    ['room-ended', (anyway) => judged({}, { room: undefined }, { anyway })],
    ['too-late', (anyway) => judged({ record: records.cancelled }, {}, { anyway, now: now + 30_001 })],
    ['too-late', (anyway) => judged({ record: records.created }, {}, { anyway, now: later })],
  ]
  for (const [rule, decide] of cases)
    test(`${rule} refuses, and is overruled by its own word alone`, () => {
      const refused = decide([])
      assert.deepEqual([refused.kind, 'rules' in refused && refused.rules], ['refused', [rule]])
      const others = (['gone-on', 'earlier-left', 'too-late', 'room-ended'] as const).filter((one) => one !== rule)
      assert.equal(decide(others).kind, 'refused')
      const overruled = decide([rule])
      assert.ok(overruled.kind === 'replay' && overruled.despite.length === 1)
    })

  test('is told together with the others that stand against it', () => {
    const verdict = judged({}, { room: undefined, wentOn: at }, { earlier: true })
    assert.deepEqual('rules' in verdict && verdict.rules, ['room-ended', 'earlier-left', 'gone-on'])
  })

  test('does not stand against what is in time, or needs no room', () => {
    assert.equal(judged({ record: records.cancelled }, {}, { now: now + 30_000 }).kind, 'replay')
    assert.equal(judged({ record: records.published }, {}, { now: now + 86_400_000 }).kind, 'replay')
    assert.equal(judged({ record: records.created }, { room: undefined }).kind, 'replay')
  })
})

describe('comments and likes', () => {
  const of = (topic: string, service: string, record: Candidate['record']): Candidate =>
    aCandidate(aLetter(10, { source: { ...at, topic, offset: 10 }, service }), { record })

  test('have no order, but a time', () => {
    const comment = of('push.comment.v1', 'edge', records.comment)
    assert.equal(judged(comment, { wentOn: at }, { earlier: true, givers: ['edge'] }).kind, 'replay')
    const verdict = judged(comment, {}, { givers: ['edge'], now: now + 600_001 })
    assert.deepEqual('rules' in verdict && verdict.rules, ['too-late'])
  })

  test('a like is counted once: it is replayed only when the state-machine did not count it', () => {
    const like = of('push.like.v1', 'edge', records.like)
    assert.match(why(judged(like, {}, { givers: ['edge'] })), /it was counted/)
    assert.equal(judged(like, {}, { givers: ['edge', 'state-machine'] }).kind, 'replay')
    // In a partition in which its room is not, nobody counts it.
    assert.equal(judged({ ...like, partition: 7 }, {}, { givers: ['edge'] }).kind, 'replay')
  })
})
