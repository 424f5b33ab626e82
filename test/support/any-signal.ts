import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { pushMessageOf } from '../../schemas/events.ts'
import { readRecords } from '../../schemas/records.ts'
import { topics } from '../../schemas/topics.ts'
import { fullNames, type AnyRecord } from '../../schemas/types.generated.ts'
import type { Random } from '../chaos/random.ts'
import { arbitraryRecord } from './arbitrary-record.ts'

const samplesOfEach = 4

/** Makes push messages of weights 4 and 5 of every kind, with arbitrary content. */
export const createAnySignal = (
  random: Random,
): ((to: {
  readonly roomId: string
  /** Whom messages for one user name. */
  readonly uids: readonly [string, ...string[]]
  /** How long an invite is good. */
  readonly inviteTtlMs: number
}) => AnyRecord) => {
  const schemas = readRecords()
  const kinds = topics.pushSignal.records
    .filter((type) => pushMessageOf(type) !== undefined)
    .map((type) => ({
      type,
      isPersonal: pushMessageOf(type)?.audience === 'user',
      contents: fc.sample(arbitraryRecord(fullNames[type], schemas), {
        numRuns: samplesOfEach,
        seed: random.whole(0, 2 ** 31 - 1),
      }),
    }))
  return ({ roomId, uids, inviteTtlMs }) => {
    const { type, isPersonal, contents } = kinds[random.whole(0, kinds.length - 1)] ?? raise()
    const record = {
      ...contents[random.whole(0, contents.length - 1)],
      eventId: randomUUID(),
      roomId,
      occurredAt: Date.now(),
      inputPos: 0,
      toUid: isPersonal ? random.pick<string>([...uids]) : null,
      ...(type === 'CohostInvited' ? { expiresAt: Date.now() + inviteTtlMs } : {}),
    }
    return { type, record } as unknown as AnyRecord // what its schema's own arbitrary made, with fields that all signals have
  }
}

const raise = (): never => {
  throw new Error('there are push messages of weights 4 and 5')
}
