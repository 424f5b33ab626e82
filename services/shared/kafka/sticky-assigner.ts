import { memberAssignment, memberMetadata } from './internals.ts'

/** What a member held when it last joined, and in which generation it got that. */
export type Claim = {
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly number[]
}

/** Who held what: of several claims to one partition the one of the newest generation counts, for that is the later owner. */
const ownersOf = (claims: readonly Claim[], partitions: number): ReadonlyMap<number, string> => {
  const newest = new Map<number, Claim>()
  for (const claim of claims) {
    for (const partition of claim.partitions) {
      const other = newest.get(partition)
      if (partition < partitions && (!other || claim.generation > other.generation)) newest.set(partition, claim)
    }
  }
  return new Map([...newest].map(([partition, { memberId }]) => [partition, memberId]))
}

/**
 * Shares the partitions 0 … n − 1 out among the members: each to exactly one, the members' numbers differ by at most one,
 * and as few move as these two allow. The same claims give the same result, whoever computes it.
 */
export const assignSticky = (claims: readonly Claim[], partitions: number): ReadonlyMap<string, readonly number[]> => {
  const sorted = claims.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const owners = ownersOf(sorted, partitions)
  const held = new Map<string, number[]>(sorted.map(({ memberId }) => [memberId, []]))
  const free: number[] = []
  for (let partition = 0; partition < partitions; partition += 1) {
    const owner = held.get(owners.get(partition) ?? '')
    if (owner) owner.push(partition)
    else free.push(partition)
  }
  // Those with the most may keep one more than the others: so the fewest have to be given up.
  const fair = Math.floor(partitions / sorted.length)
  const larger = partitions % sorted.length
  const byNumber = [...held.values()].toSorted((a, b) => b.length - a.length)
  for (const [rank, mine] of byNumber.entries()) free.push(...mine.splice(fair + (rank < larger ? 1 : 0)))
  for (const [rank, mine] of byNumber.entries())
    mine.push(...free.splice(0, fair + (rank < larger ? 1 : 0) - mine.length))
  return new Map([...held].map(([memberId, mine]) => [memberId, mine.toSorted((a, b) => a - b)]))
}

/** The name under which the members agree on this assigner; another one with the same name must share out the same way. */
export const stickyProtocol = 'roomcast-sticky'

type Held = Omit<Claim, 'memberId'>

/** What a member says of itself when it joins. */
export const encodeMetadata = (topic: string, { generation, partitions }: Held): Buffer =>
  memberMetadata.encode({
    version: 0,
    topics: [topic],
    userData: Buffer.from(JSON.stringify({ generation, partitions })),
  })

const isHeld = (value: unknown): value is Held =>
  typeof value === 'object' &&
  value !== null &&
  'generation' in value &&
  Number.isSafeInteger(value.generation) &&
  'partitions' in value &&
  Array.isArray(value.partitions) &&
  value.partitions.every((partition) => Number.isSafeInteger(partition))

/** The claim in a member's metadata; a member that says something else holds nothing. */
export const decodeClaim = (memberId: string, metadata: Buffer): Claim => {
  const { userData } = memberMetadata.decode(metadata)
  const nothing = { memberId, generation: -1, partitions: [] }
  if (!userData || userData.length === 0) return nothing
  try {
    const said: unknown = JSON.parse(userData.toString('utf8'))
    return isHeld(said) ? { memberId, generation: said.generation, partitions: said.partitions } : nothing
  } catch (error) {
    if (error instanceof SyntaxError) return nothing
    throw error
  }
}

/** The leader's answer to the group: who reads what. */
export const encodeAssignments = (
  topic: string,
  assignments: ReadonlyMap<string, readonly number[]>,
): readonly { readonly memberId: string; readonly memberAssignment: Buffer }[] =>
  [...assignments].map(([memberId, partitions]) => ({
    memberId,
    memberAssignment: memberAssignment.encode({ version: 0, assignment: { [topic]: partitions } }),
  }))

/** What the leader has given to this member. */
export const decodeAssignment = (topic: string, assignment: Buffer): readonly number[] =>
  memberAssignment.decode(assignment)?.assignment[topic] ?? []
