import { firstDifference, show, type Difference } from './difference.ts'

/** A derived record: what it is, and in which log it lies. */
export type LoggedRecord = { readonly type: string; readonly record: Identified }
type Identified = { readonly eventId: string; readonly roomId: string }

/** A record that was found, and at which offset. */
export type FoundRecord = LoggedRecord & { readonly offset: number }

/** The nth record of an id: a request that comes again much later is decided again, under the same id. */
const keysOf = (records: readonly LoggedRecord[]): readonly string[] => {
  const seen = new Map<string, number>()
  return records.map(({ record: { eventId } }) => {
    const nth = (seen.get(eventId) ?? 0) + 1
    seen.set(eventId, nth)
    return `${eventId} ${nth}`
  })
}

/**
 * Compares one partition of a topic with what must be in it: the same records, field for field, in the same order.
 * @param log the topic and partition, as a person wants to read it
 */
export const compareRecords = (
  log: string,
  expected: readonly LoggedRecord[],
  found: readonly FoundRecord[],
): readonly Difference[] => {
  const differences: Difference[] = []
  const expectedKeys = keysOf(expected)
  const foundKeys = keysOf(found)
  const byKey = new Map(expectedKeys.map((key, index) => [key, index]))
  const ids = new Set(expected.map(({ record }) => record.eventId))
  const present = new Set(foundKeys)

  for (const [index, { type, record }] of expected.entries()) {
    if (present.has(expectedKeys[index] ?? '')) continue
    differences.push({
      kind: 'missing',
      where: log,
      what: `${type} ${record.eventId} of room ${record.roomId} is not there`,
    })
  }
  let last = -1
  for (const [index, one] of found.entries()) {
    const where = `${log} offset ${one.offset}`
    const name = `${one.type} ${one.record.eventId} of room ${one.record.roomId}`
    const at = byKey.get(foundKeys[index] ?? '')
    const counterpart = at === undefined ? undefined : expected[at]
    if (at === undefined || counterpart === undefined) {
      const isRepeat = ids.has(one.record.eventId)
      differences.push(
        isRepeat
          ? { kind: 'doubled', where, what: `${name} is there more often than it was decided` }
          : { kind: 'unexpected', where, what: `${name} was never decided: ${show(one.record)}` },
      )
      continue
    }
    const difference = firstDifference(
      { type: counterpart.type, record: counterpart.record },
      { type: one.type, record: one.record },
    )
    if (difference !== undefined) differences.push({ kind: 'changed', where, what: `${name}: ${difference}` })
    if (at < last) differences.push({ kind: 'reordered', where, what: `${name} comes after what was decided later` })
    last = Math.max(last, at)
  }
  return differences
}
