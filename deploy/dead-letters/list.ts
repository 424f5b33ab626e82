import { topics } from '../../schemas/topics.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import type { IncomingMessage } from '../../services/shared/kafka/message.ts'
import type { Log } from '../../services/shared/log.ts'
import { matches, type Filter } from './filter.ts'
import { readEntry, toText, type Letter, type Mark } from './letter.ts'
import { maskLine, maskUnknown, showKey, showPosition } from './masks/mask-text.ts'
import { readTopic, wholeOf, type Progress } from './read-topic.ts'
import { createTally, type Listed, type Row } from './tally.ts'
import { layOut, showTime } from './text.ts'

export type Reading = {
  readonly kafka: Kafka
  readonly progress: Progress
  readonly log: Log
  readonly signal: AbortSignal
}

/** Reads all of `dead-letter.v1` as it is now. `foreign` hears of records that are neither letters nor marks. */
export const readLetters = async (
  { kafka, progress, log, signal }: Reading,
  take: (entry: Letter | Mark, message: IncomingMessage) => void,
  foreign: () => void = () => {},
): Promise<void> => {
  const topic = topics.deadLetter.name
  const bounds = await fetchWatermarks({ kafka, topic, signal })
  await readTopic({
    kafka,
    topic,
    parts: wholeOf(bounds),
    take: (message) => {
      const entry = readEntry(message)
      if (entry === undefined) foreign()
      else take(entry, message)
    },
    progress,
    log,
    signal,
  })
}

const describeRow = ({ letters, replayed, topic, service, code, why, newest }: Row): readonly string[] => [
  `  ${letters}`,
  String(replayed),
  newest === 0 ? '' : showTime(newest),
  maskUnknown(topic),
  maskUnknown(service),
  maskLine(`${code}: ${why}`),
]

const describeLetter = ({
  at,
  source,
  givenUpAt,
  service,
  key,
  bytes,
  code,
  why,
  replayed,
}: Listed): readonly string[] => [
  `  ${at.partition}/${at.offset}`,
  showTime(givenUpAt),
  showPosition(toText(source)),
  maskUnknown(service),
  showKey(key),
  `${bytes} bytes`,
  maskLine(`${code}: ${why}`) +
    (replayed === undefined ? '' : ` · replayed at ${showTime(replayed.at)} to ${showPosition(replayed.to)}`),
]

/** Prints the counts by reason and the newest letters. */
export const list = async ({
  filter,
  limit,
  say,
  ...reading
}: Reading & {
  readonly filter: Filter
  readonly limit: number
  readonly say: (line: string) => void
}): Promise<void> => {
  const tally = createTally({ limit })
  let foreign = 0
  await readLetters(
    reading,
    (entry) => {
      if (entry.kind === 'mark') tally.noteReplay(entry)
      if (matches(entry, filter)) tally.take(entry)
    },
    () => (foreign += 1),
  )
  const rows = tally.rows()
  const newest = tally.newest()
  const letters = rows.reduce((sum, row) => sum + row.letters, 0)
  if (foreign > 0)
    say(`${foreign} records of ${topics.deadLetter.name} are no letters of ours: they have no source in their headers`)
  if (letters === 0) return say('no dead letters')
  say('by reason (each instance that reads a topic gives up a record by itself: one record may be several letters)')
  for (const line of layOut([
    ['  letters', 'replays', 'newest', 'topic', 'service', 'reason'],
    ...rows.map(describeRow),
  ]))
    say(line)
  say(
    newest.length < letters
      ? `the newest ${newest.length} of ${letters} (--limit shows more)`
      : `all ${letters}, the newest first`,
  )
  const heads = ['  letter', 'given up', 'source', 'service', 'key', 'size', 'reason']
  for (const line of layOut([heads, ...newest.map(describeLetter)])) say(line)
}
