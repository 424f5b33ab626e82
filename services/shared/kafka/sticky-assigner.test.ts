import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  assignSticky,
  decodeAssignment,
  decodeClaim,
  encodeAssignments,
  encodeMetadata,
  type Claim,
} from './sticky-assigner.ts'
import { memberMetadata } from './internals.ts'

const claim = (memberId: string, partitions: readonly number[], generation = 1): Claim => ({
  memberId,
  generation,
  partitions,
})

const asObject = (shares: ReadonlyMap<string, readonly number[]>): object => Object.fromEntries(shares)

const claimsOf = (shares: ReadonlyMap<string, readonly number[]>): readonly Claim[] =>
  [...shares].map(([memberId, partitions]) => claim(memberId, partitions))

/** How many partitions stay with the member that counts as their owner. */
const keptOf = (claims: readonly Claim[], shares: ReadonlyMap<string, readonly number[]>): number =>
  claims.flatMap(({ memberId, partitions }) => partitions.filter((each) => shares.get(memberId)?.includes(each))).length

test('the first member gets every partition', () => {
  assert.deepEqual(asObject(assignSticky([claim('a', [], -1)], 4)), { a: [0, 1, 2, 3] })
})

test('a member that comes takes its fair share, and nothing else moves', () => {
  const shares = assignSticky([claim('a', [0, 1, 2]), claim('b', [3, 4, 5]), claim('new', [], -1)], 6)
  assert.deepEqual(asObject(shares), { a: [0, 1], b: [3, 4], new: [2, 5] })
})

test('the partitions of a member that has gone are shared out, and nothing else moves', () => {
  assert.deepEqual(asObject(assignSticky([claim('a', [0, 3]), claim('b', [1, 4])], 6)), { a: [0, 2, 3], b: [1, 4, 5] })
})

test('of two claims to a partition the one of the newer generation counts', () => {
  const shares = assignSticky([claim('stale', [0, 1], 3), claim('owner', [0, 1], 7)], 2)
  assert.deepEqual(asObject(shares), { stale: [1], owner: [0] })
})

test('claims to partitions that do not exist are ignored', () => {
  assert.deepEqual(asObject(assignSticky([claim('a', [7, 0])], 2)), { a: [0, 1] })
})

const members = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
/** Any claims at all: overlapping, stale, of partitions that do not exist. */
const anyClaims = members.chain((ids) =>
  fc.tuple(
    ...ids.map((memberId) =>
      fc.record({
        memberId: fc.constant(memberId),
        generation: fc.integer({ min: -1, max: 5 }),
        partitions: fc.uniqueArray(fc.nat(60), { maxLength: 30 }),
      }),
    ),
  ),
)
const partitionCounts = fc.integer({ min: 1, max: 50 })

test('whatever members claim, every partition goes to exactly one, and numbers differ by at most one', () => {
  fc.assert(
    fc.property(anyClaims, partitionCounts, (claims, partitions) => {
      const shares = assignSticky(claims, partitions)
      const all = [...shares.values()].flat().toSorted((a, b) => a - b)
      assert.deepEqual(
        all,
        Array.from({ length: partitions }, (_, partition) => partition),
      )
      const sizes = [...shares.values()].map(({ length }) => length)
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
      assert.deepEqual(new Set(shares.keys()), new Set(claims.map(({ memberId }) => memberId)))
    }),
  )
})

test('the order in which members are listed does not matter', () => {
  fc.assert(
    fc.property(anyClaims, partitionCounts, (claims, partitions) => {
      assert.deepEqual(assignSticky(claims, partitions), assignSticky(claims.toReversed(), partitions))
    }),
  )
})

test('sharing out again changes nothing', () => {
  fc.assert(
    fc.property(anyClaims, partitionCounts, (claims, partitions) => {
      const shares = assignSticky(claims, partitions)
      assert.deepEqual(assignSticky(claimsOf(shares), partitions), shares)
    }),
  )
})

test('when members come or go, as many partitions stay as balance allows', () => {
  fc.assert(
    fc.property(members, members, partitionCounts, (before, after, partitions) => {
      const old = assignSticky(
        before.map((memberId) => claim(memberId, [], -1)),
        partitions,
      )
      const claims = after.map((memberId) => claim(memberId, old.get(memberId) ?? [], old.has(memberId) ? 1 : -1))
      const shares = assignSticky(claims, partitions)
      // The best there is: the members with the most keep up to one more than the fair number, as long as there are such places.
      const fair = Math.floor(partitions / after.length)
      const best = claims
        .map(({ partitions: { length } }) => length)
        .toSorted((a, b) => b - a)
        .reduce((sum, held, rank) => sum + Math.min(held, fair + (rank < partitions % after.length ? 1 : 0)), 0)
      assert.equal(keptOf(claims, shares), best)
    }),
  )
})

test('a claim survives the way to the leader, and a share the way back', () => {
  const metadata = encodeMetadata('topic', { generation: 4, partitions: [1, 2] })
  assert.deepEqual(decodeClaim('a', metadata), claim('a', [1, 2], 4))
  const [answer] = encodeAssignments('topic', new Map([['a', [0, 5]]]))
  assert.deepEqual(decodeAssignment('topic', answer?.memberAssignment ?? Buffer.alloc(0)), [0, 5])
  assert.deepEqual(decodeAssignment('topic', Buffer.alloc(0)), [])
})

test('a member that says nothing intelligible of itself holds nothing', () => {
  for (const userData of [
    '',
    'not JSON',
    '7',
    '{"generation":"1","partitions":[]}',
    '{"generation":1,"partitions":["x"]}',
  ]) {
    const metadata = memberMetadata.encode({ version: 0, topics: ['topic'], userData: Buffer.from(userData) })
    assert.deepEqual(decodeClaim('a', metadata), claim('a', [], -1), userData)
  }
})
