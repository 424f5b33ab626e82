import { topics, type Topic } from '../../schemas/topics.ts'
import type { PeerMessage } from '../../schemas/types.generated.ts'
import type { Codec } from '../../services/shared/codec/codec.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import { fetchCommittedOffset, fetchPartitionCount } from '../../services/shared/kafka/offsets.ts'
import type { Output, Rules } from '../../services/state-machine/domain/decide.ts'
import { compareMessages } from './compare-messages.ts'
import { compareRecords, type FoundRecord } from './compare-records.ts'
import type { CommittedState } from './committed-states.ts'
import type { Difference } from './difference.ts'
import { readInputs } from './read-inputs.ts'
import { countAborted, readDecoded, readWhole, type DecodedRecord } from './read-log.ts'
import { replay, type Derived, type Replay } from './replay.ts'

/** How long an input waited: from its append to the append of what was decided about it. */
export type Wait = {
  readonly partition: number
  /** Epoch ms. */
  readonly from: number
  /** Epoch ms. */
  readonly to: number
}

export type Verdict = {
  readonly differences: readonly Difference[]
  readonly inputs: number
  readonly derived: number
  /** Why inputs changed nothing, and how many. */
  readonly ignored: ReadonlyMap<string, number>
  readonly fired: number
  readonly latestFiringMs: number
  /** Messages between rooms that the log holds more than once. */
  readonly repeatedMessages: number
  /** Places in room.state at which transactions were aborted. */
  readonly aborted: number
  readonly deadLetters: number
  /** Inputs that were decided, in the order of the log within a partition. */
  readonly waits: readonly Wait[]
}

const groupId = 'state-machine'

/** The topics that hold what is derived. */
const derivedTopics: readonly Topic[] = [topics.pushSignal, topics.mixCommand, topics.requestOutcome]

/**
 * Decides the whole of room.input anew, as far as the state-machine has committed its position, and compares everything that is
 * derived from it with what the log holds. No state-machine may run meanwhile.
 * @param rules those with which it ran
 * @param settledAt what was due before this has had the time to happen, epoch ms
 */
export const checkLog = async ({
  kafka,
  codec,
  rules,
  settledAt,
}: {
  readonly kafka: Kafka
  readonly codec: Codec
  readonly rules: Rules
  readonly settledAt: number
}): Promise<Verdict> => {
  const partitions = await fetchPartitionCount({ kafka, topic: topics.roomInput.name })
  const differences: Difference[] = []
  const ignored = new Map<string, number>()
  const told: PeerMessage[] = []
  const heard: PeerMessage[] = []
  const acknowledged = new Set<string>()
  const waits: Wait[] = []
  const totals = { inputs: 0, derived: 0, fired: 0, latestFiringMs: 0, aborted: 0, deadLetters: 0 }

  for (let partition = 0; partition < partitions; partition++) {
    const log = { kafka, codec, partition }
    const end = (await fetchCommittedOffset({ kafka, groupId, topic: topics.roomInput.name, partition })) ?? 0
    const { inputs, givenUp, heard: here } = await readInputs({ ...log, partitions, end })
    const stateRecords = await readDecoded({ ...log, topic: topics.roomState })
    const name = `${topics.roomState.name}/${partition}`
    const replayed = replay({ log: name, inputs, states: statesOf(stateRecords), rules })
    const { outputs, counts } = replayed
    differences.push(...replayed.differences, ...overdue(name, replayed, settledAt))
    told.push(...replayed.told)
    heard.push(...here)
    for (const id of replayed.acknowledged) acknowledged.add(id)
    for (const [why, count] of counts.ignored) ignored.set(why, (ignored.get(why) ?? 0) + count)

    for (const topic of derivedTopics) {
      const records = await readDecoded({ ...log, topic })
      const expected = outputs.filter(({ type }) => topic.records.includes(type))
      differences.push(...compareRecords(`${topic.name}/${partition}`, expected, foundIn(records)))
      differences.push(...misplaced(`${topic.name}/${partition}`, records))
      waits.push(...waitsOf(partition, expected, records))
    }
    const deadLetters = await readSources({ kafka, partition })
    for (const offset of [...givenUp, ...replayed.failed]) {
      if (!deadLetters.has(offset)) {
        const where = `${topics.deadLetter.name}/${partition}`
        differences.push({ kind: 'missing', where, what: `the input of offset ${offset}, which could not be decided` })
      }
    }
    totals.inputs += counts.inputs
    totals.derived += outputs.length
    totals.fired += counts.fired
    totals.latestFiringMs = Math.max(totals.latestFiringMs, counts.latestFiringMs)
    totals.aborted += countAborted(stateRecords)
    totals.deadLetters += givenUp.length
  }
  const messages = compareMessages({ told, heard, acknowledged, settledAt })
  return {
    ...totals,
    differences: [...differences, ...messages.differences],
    ignored,
    repeatedMessages: messages.repeated,
    waits,
  }
}

/** The offsets of room.input that have dead letters in a partition. */
const readSources = async ({ kafka, partition }: { kafka: Kafka; partition: number }): Promise<ReadonlySet<number>> => {
  const offsets = new Set<number>()
  await readWhole({ kafka, topic: topics.deadLetter, partition }, ({ headers }) => {
    if (headers['source-topic']?.toString() !== topics.roomInput.name) return
    offsets.add(Number(headers['source-offset']?.toString()))
  })
  return offsets
}

const statesOf = (records: readonly DecodedRecord[]): readonly CommittedState[] =>
  records.flatMap(({ offset, key, decoded }): readonly CommittedState[] => {
    if (decoded === null) return [{ roomId: key, offset, room: null }]
    return decoded.type === 'Room' ? [{ roomId: key, offset, room: decoded.record }] : []
  })

const foundIn = (records: readonly DecodedRecord[]): readonly FoundRecord[] =>
  records.flatMap(({ offset, decoded }) => (decoded === null ? [] : [{ ...decoded, offset }]))

/** Records under another key than their room. */
const misplaced = (log: string, records: readonly DecodedRecord[]): readonly Difference[] =>
  records
    .filter(({ key, decoded }) => decoded?.record.roomId !== key)
    .map(({ offset, key }) => ({
      kind: 'unexpected',
      where: `${log} offset ${offset}`,
      what: `the key ${key} is not the roomId`,
    }))

/** Deadlines that have passed without effect. */
const overdue = (log: string, { rooms }: Replay, settledAt: number): readonly Difference[] =>
  [...rooms.values()].flatMap(({ roomId, timers }) =>
    timers
      .filter(({ at }) => at < settledAt)
      .map(({ kind, at }) => {
        const what = `the deadline ${kind} of room ${roomId}, due ${settledAt - at} ms before the end, took no effect`
        return { kind: 'missing', where: log, what }
      }),
  )

const isOf = (output: Output, { decoded }: DecodedRecord): boolean => decoded?.record.eventId === output.record.eventId

/** One wait for each input that has records here. Where the logs differ there are none: the differences tell. */
const waitsOf = (partition: number, expected: readonly Derived[], records: readonly DecodedRecord[]): Wait[] => {
  const waits: Wait[] = []
  let last: number | undefined
  for (const [index, output] of expected.entries()) {
    const record = records[index]
    if (record === undefined || !isOf(output, record)) return waits
    if (output.position !== last) waits.push({ partition, from: output.at, to: record.timestamp })
    last = output.position
  }
  return waits
}
