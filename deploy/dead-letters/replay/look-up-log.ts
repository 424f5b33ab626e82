import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { Codec } from '../../../services/shared/codec/codec.ts'
import { fetchOffsetsByTime, fetchWatermarks, type Watermarks } from '../../../services/shared/kafka/offsets.ts'
import { readPosition, replayOfHeader, toText, type Letter, type Position } from '../letter.ts'
import type { Reading } from '../list.ts'
import { readTopic, type Part } from '../read-topic.ts'
import type { Candidate, Found } from './judge.ts'
import { readRecord } from './read-record.ts'
import { withoutEffect } from './rules.ts'
import { roomName, type Selection } from './select.ts'
import type { Standings } from './standing.ts'

/** A candidate, where it belongs, and the first offset there at which something that came after it may stand. */
type Placed = {
  readonly candidate: Candidate
  readonly partition: number
  readonly from: number
  readonly reaches: Found['reaches']
}

/** What the log has of one candidate. */
type Since = { replay: Position | undefined; repeat: Position | undefined; wentOn: Position | undefined }

/** A record of the log that has the key of a candidate. */
type Seen = {
  readonly position: Position
  readonly replayOf: string | undefined
  readonly record: AnyRecord | string
}

/** Clocks of those who write may differ by so much. */
const slackMs = 10 * 60_000

const place = async (
  { kafka, signal }: Reading,
  { candidate, partition }: { readonly candidate: Candidate; readonly partition: number },
  { earliest, highWatermark }: Watermarks,
): Promise<Placed> => {
  const { source, sourceTime, givenUpAt } = candidate.letter
  const { topic } = source
  const tooOld = `${topic} is not kept as far back: whether it was replayed, and what came since, cannot be seen`
  if (source.partition === partition) {
    const from = source.offset + 1
    const reaches = highWatermark < from ? `${topic} ends before it: this is another log` : earliest <= from || tooOld
    return { candidate, partition, from: Math.max(from, earliest), reaches }
  }
  const timestamp = Math.max(0, Math.min(sourceTime, givenUpAt) - slackMs)
  const offsets = await fetchOffsetsByTime({ kafka, topic, partitions: [partition], timestamp, signal })
  const from = offsets.get(partition) ?? earliest
  return { candidate, partition, from, reaches: from > earliest || earliest === 0 || tooOld }
}

/** The parts of the log that hold what came after any of these. */
const partsOf = (placed: readonly Placed[], bounds: ReadonlyMap<number, Watermarks>): ReadonlyMap<number, Part> =>
  new Map(
    [...Map.groupBy(placed, ({ partition }) => partition)].map(([partition, here]) => [
      partition,
      { from: Math.min(...here.map(({ from }) => from)), to: bounds.get(partition)?.highWatermark ?? 0 },
    ]),
  )

/** Whether a record is the replay of one that stood before the letter: what comes of that is no going on. */
const isOfEarlier = (
  replayOf: string | undefined,
  { source }: Letter,
  { firstOf }: Pick<Standings, 'firstOf'>,
): boolean => {
  const replayed = readPosition(replayOf)
  if (replayed === undefined) return false
  const [first, own] = [firstOf(replayed), firstOf(source)]
  return first.topic === own.topic && first.partition === own.partition && first.offset < own.offset
}

/** Notes what a later record with a candidate's key means to it. */
const note = (
  since: Since,
  { letter, record: own }: Candidate,
  { position, replayOf, record }: Seen,
  { isGivenUp, standings }: { readonly isGivenUp: boolean; readonly standings: Pick<Standings, 'firstOf'> },
): void => {
  if (replayOf === toText(letter.source)) since.replay ??= position
  // What nobody could read, or what was given up all the same, has changed nothing.
  else if (isGivenUp || typeof record === 'string') return
  else if (typeof own !== 'string' && own.record.eventId === record.record.eventId) since.repeat ??= position
  else if (!withoutEffect.has(record.type) && !isOfEarlier(replayOf, letter, standings)) since.wentOn = position
}

/** What the log of one topic says of each candidate for it; nothing of one without a place there. */
export const lookUpLog = async (
  reading: Reading & { readonly codec: Codec },
  topic: string,
  candidates: readonly Candidate[],
  { rooms, standings }: Pick<Selection, 'rooms' | 'standings'>,
): Promise<ReadonlyMap<Candidate, Omit<Found, 'room'>>> => {
  const bounds = await fetchWatermarks({ kafka: reading.kafka, topic, signal: reading.signal })
  const placed: Placed[] = []
  for (const candidate of candidates) {
    const { partition } = candidate
    const watermarks = partition === undefined ? undefined : bounds.get(partition)
    if (partition !== undefined && watermarks !== undefined)
      placed.push(await place(reading, { candidate, partition }, watermarks))
  }
  const byKey = Map.groupBy(placed, ({ candidate }) => candidate.key)
  const all = new Map<Candidate, Since>(
    placed.map(({ candidate }) => [candidate, { replay: undefined, repeat: undefined, wentOn: undefined }]),
  )
  await readTopic({
    ...reading,
    topic,
    parts: partsOf(placed, bounds),
    take: async ({ key, value, headers, partition, offset }) => {
      const concerned = byKey
        .get(key?.toString() ?? '')
        ?.filter((one) => one.partition === partition && offset >= one.from)
      if (concerned === undefined || concerned.length === 0) return
      const seen: Seen = {
        position: { topic, partition, offset },
        replayOf: headers[replayOfHeader]?.toString(),
        record: await readRecord(reading.codec, value),
      }
      for (const { candidate } of concerned) {
        const since = all.get(candidate)
        const isGivenUp =
          rooms.get(roomName(topic, candidate.key) ?? '')?.givenUp.has(`${partition}/${offset}`) === true
        if (since !== undefined) note(since, candidate, seen, { isGivenUp, standings })
      }
    },
  })
  return new Map(
    placed.map(({ candidate, reaches }) => {
      const since = all.get(candidate)
      return [candidate, { reaches, replay: since?.replay, repeat: since?.repeat, wentOn: since?.wentOn }]
    }),
  )
}
