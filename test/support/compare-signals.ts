import type { LoggedSignal } from './push-log.ts'

/** A message of weight 4 or 5 as a client received it, in the order of arrival. */
export type SeenSignal = { readonly pos: number; readonly id: string; readonly weight: number; readonly type: number }

/** Where a client's reading of a room began: what is after it, by weight, is what the client has to have. */
export type Beginning = { readonly 4: number; readonly 5: number }

const weights = [4, 5] as const
const mostTold = 10

/**
 * In what a client's messages of one room differ from the log; empty: in nothing. For each weight they have to be the log's for this user,
 * in the log's order, each once. An invite may be missing when it expired before `until` (epoch ms, when the client had caught up).
 */
export const differences = ({
  seen,
  log,
  uid,
  from,
  until,
}: {
  readonly seen: readonly SeenSignal[]
  readonly log: readonly LoggedSignal[]
  readonly uid: string
  readonly from: Beginning
  readonly until: number
}): readonly string[] => {
  const found: string[] = []
  for (const weight of weights) {
    const due = log.filter((one) => one.weight === weight && one.pos > from[weight] && isFor(one, uid))
    const known = new Map(due.map((one) => [one.pos, one]))
    const came = seen.filter((one) => one.weight === weight)
    const positions = new Set(came.map(({ pos }) => pos))
    for (const [index, { pos, id, type }] of came.entries()) {
      const logged = known.get(pos)
      const what = `weight ${weight}, pos ${pos}, type ${type}`
      if (logged === undefined) found.push(`${what}: not in the log for this user`)
      else if (logged.id !== id || logged.type !== type) found.push(`${what}: another message than in the log`)
      if (pos <= (came[index - 1]?.pos ?? -Infinity)) found.push(`${what}: came after pos ${came[index - 1]?.pos}`)
    }
    for (const { pos, type, expiresAt } of due) {
      if (positions.has(pos) || expiresAt <= until) continue
      found.push(`weight ${weight}, pos ${pos}, type ${type}: missing`)
    }
  }
  return found.length > mostTold ? [...found.slice(0, mostTold), `and ${found.length - mostTold} more`] : found
}

/** Whether a message of the log goes to this user. */
export const isFor = ({ toUid }: LoggedSignal, uid: string): boolean => toUid === null || toUid === uid
