import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OutgoingMessage } from '../../../services/shared/kafka/message.ts'
import { readEntry, type Letter, type Mark } from '../letter.ts'
import { carryOut } from './carry-out.ts'
import { earlierLeft, type Candidate } from './judge.ts'
import { plan, type Step } from './plan.ts'
import { select } from './select.ts'
import { createStandings } from './standing.ts'
import { aLetter, aMark, now } from '../testing.ts'
import { aCandidate, nothingAgainst, records } from './testing.ts'

const reading =
  (...entries: readonly (Letter | Mark)[]) =>
  async (take: (entry: Letter | Mark) => void): Promise<void> =>
    entries.forEach(take)
const offsets = (letters: readonly Letter[]): readonly number[] => letters.map(({ source }) => source.offset)

describe('a selection', () => {
  test('has what fits and was not replayed, once, in the order of the source, whatever the order of the letters', async () => {
    const letters = [aLetter(5), aLetter(3), aLetter(4), aLetter(3, { at: { partition: 3, offset: 900 } })]
    const read = reading(...letters, aMark(aLetter(4)), aLetter(6, { room: 'r2' }))
    const { letters: chosen, more } = await select({ read, which: { room: 'r1' }, key: undefined, limit: 10 })
    assert.deepEqual([offsets(chosen), more], [[3, 5], 0])
  })

  test('stops at the limit and says how many more there are', async () => {
    const read = reading(aLetter(1), aMark(aLetter(1)), aLetter(2), aLetter(3), aLetter(4))
    const { letters, more } = await select({ read, which: {}, key: undefined, limit: 2 })
    assert.deepEqual([offsets(letters), more], [[2, 3], 1])
  })

  test('does not count a second letter of the same record', async () => {
    const read = reading(aLetter(1), aLetter(2), aLetter(1, { service: 'edge', at: { partition: 3, offset: 900 } }))
    const { letters, more } = await select({ read, which: {}, key: undefined, limit: 2 })
    assert.deepEqual([offsets(letters), more], [[1, 2], 0])
  })

  test('by places has these, and tells which were replayed', async () => {
    const read = reading(aLetter(1), aLetter(2), aLetter(3), aMark(aLetter(3)))
    const which = [aLetter(2).at, aLetter(3).at]
    const { letters, replayed } = await select({ read, which, key: undefined, limit: 10 })
    assert.deepEqual([offsets(letters), replayed.map(({ source }) => source.offset)], [[2], [3]])
  })

  test('knows of its rooms what was given up, by whom, and the first that stays behind', async () => {
    const byEdge = aLetter(7, { service: 'edge', at: { partition: 3, offset: 901 } })
    const read = reading(
      aLetter(7),
      byEdge,
      aLetter(4),
      aLetter(2),
      aLetter(1),
      aMark(aLetter(1)),
      aLetter(3, { room: 'r2' }),
    )
    const { rooms, givers } = await select({ read, which: [aLetter(7).at], key: undefined, limit: 10 })
    const room = rooms.get('room.input.v1 r1')
    assert.deepEqual([...(room?.givenUp ?? [])].toSorted(), ['3/1', '3/2', '3/4', '3/7'])
    assert.equal(room?.left?.source.offset, 2)
    assert.deepEqual([...(givers.get('room.input.v1/3/7') ?? [])], ['state-machine', 'edge'])
  })

  test('with a key that mends a letter looks at the room of that key', async () => {
    const read = reading(aLetter(7, { room: 'wrong' }), aLetter(2))
    const { rooms } = await select({ read, which: [aLetter(7).at], key: 'r1', limit: 10 })
    assert.equal(rooms.get('room.input.v1 r1')?.left?.source.offset, 2)
  })

  test('puts a replay that came back where the first one stood, however often it came back', async () => {
    const back = aLetter(20, { replayOf: aLetter(10).source })
    const again = aLetter(30, { replayOf: back.source })
    const read = reading(aLetter(10), aLetter(12), back, again, aMark(aLetter(10)), aMark(back))
    const all = await select({ read, which: { room: 'r1' }, key: undefined, limit: 10 })
    assert.deepEqual(offsets(all.letters), [30, 12])
    const { rooms, standings } = await select({ read, which: [aLetter(12).at], key: undefined, limit: 10 })
    const behind = earlierLeft(aLetter(12), rooms.get('room.input.v1 r1'), [], standings)
    assert.equal(behind?.source.offset, 30)
  })

  test('puts a replay that came back by the time of the first one, where that stood in another partition', async () => {
    const first = aLetter(10, { source: { topic: 'room.input.v1', partition: 7, offset: 900 }, sourceTime: now })
    const back = aLetter(20, { replayOf: first.source, sourceTime: now + 500 })
    const read = reading(first, aMark(first), back, aLetter(12, { sourceTime: now + 100 }))
    const { letters } = await select({ read, which: {}, key: undefined, limit: 10 })
    assert.deepEqual(offsets(letters), [20, 12])
  })

  test('takes no more bytes into memory than it may', async () => {
    const big = { value: Buffer.alloc(40 << 20) }
    const { letters, more } = await select({
      read: reading(aLetter(1, big), aLetter(2, big), aLetter(3)),
      which: {},
      key: undefined,
      limit: 10,
    })
    assert.deepEqual([offsets(letters), more], [[1, 3], 1])
  })
})

describe('a plan', () => {
  const planned = (candidates: readonly Candidate[], found = nothingAgainst): readonly Step[] =>
    plan(candidates, new Map(candidates.map((one) => [one, found])), {
      selection: { givers: new Map(), rooms: new Map(), standings: createStandings() },
      anyway: new Set(),
      limits: { inviteTtlMs: 30_000, graceMs: 180_000 },
      now,
    })
  const kinds = (steps: readonly Step[]): readonly string[] => steps.map(({ verdict }) => verdict.kind)

  test('holds up what comes after a refused letter of its room, and of no other', () => {
    const steps = planned([
      aCandidate(aLetter(1), { record: 'no schema' }),
      aCandidate(aLetter(2)),
      aCandidate(aLetter(3, { room: 'r2' }), {
        key: 'r2',
        record: { ...records.published, record: { ...records.published.record, roomId: 'r2' } },
      }),
    ])
    assert.deepEqual(kinds(steps), ['refused', 'refused', 'replay'])
    const second = steps[1]?.verdict
    assert.deepEqual(second && 'rules' in second && second.rules, ['earlier-left'])
  })

  test('counts on the room that an earlier letter creates', () => {
    const created = aCandidate(aLetter(1), { record: records.created })
    assert.deepEqual(kinds(planned([created, aCandidate(aLetter(2))], { ...nothingAgainst, room: undefined })), [
      'replay',
      'replay',
    ])
  })
})

describe('carrying out', () => {
  const step = (verdict: Step['verdict']): Step => ({
    candidate: aCandidate(aLetter(1, { headers: { traceparent: Buffer.from('00-1-2-01'), reason: Buffer.from('x') } })),
    verdict,
  })
  const toReplay = step({ kind: 'replay', partition: 3, key: 'r1', despite: [] })

  test('writes the same bytes with the headers of their source and whose replay they are, then the mark', async () => {
    const sent: OutgoingMessage[] = []
    const send = async (message: OutgoingMessage) => {
      sent.push(message)
      return { partition: 3, offset: 77, appendedAt: null }
    }
    await carryOut(toReplay, { send, now: () => now })
    const [record, mark] = sent
    assert.deepEqual(record, {
      topic: 'room.input.v1',
      partition: 3,
      key: 'r1',
      value: Buffer.from([1]),
      headers: { traceparent: '00-1-2-01', type: 'StreamNotified', replayOf: 'room.input.v1/3/1' },
    })
    assert.ok(mark)
    assert.equal(mark.topic, 'dead-letter.v1')
    const headers = Object.fromEntries(
      Object.entries(mark.headers ?? {}).map(([name, text]) => [name, Buffer.from(text)]),
    )
    const entry = readEntry({ ...mark, partition: 3, offset: 1, key: null, headers, timestamp: now, size: 0 })
    assert.equal(entry?.kind === 'mark' && entry.replayedTo, 'room.input.v1/3/77')
  })

  test('marks nothing when the record was not taken, and writes nothing where only the mark is missing', async () => {
    const sent: string[] = []
    const failing = async ({ topic }: OutgoingMessage): Promise<never> => {
      sent.push(topic)
      throw new Error('away')
    }
    await assert.rejects(() => carryOut(toReplay, { send: failing, now: () => now }))
    assert.deepEqual(sent, ['room.input.v1'])
    const mark = step({ kind: 'mark', to: { topic: 'room.input.v1', partition: 3, offset: 5 } })
    await assert.rejects(() => carryOut(mark, { send: failing, now: () => now }))
    assert.deepEqual(sent, ['room.input.v1', 'dead-letter.v1'])
    assert.equal(await carryOut(step({ kind: 'settled', why: '' }), { send: failing, now: () => now }), undefined)
  })
})
