import { writeFile } from 'node:fs/promises'
import { topics } from '../../schemas/topics.ts'
import type { Codec, Decoded } from '../../services/shared/codec/codec.ts'
import { Fault } from '../../services/shared/fault.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { readEntry, toText, type Letter, type Mark } from './letter.ts'
import type { Reading } from './list.ts'
import { hexdump } from './masks/hexdump.ts'
import { maskRecord, secretsIn } from './masks/mask-record.ts'
import { maskLine, maskUnknown, showHeader, showKey, showPosition } from './masks/mask-text.ts'
import type { Place } from './option-values.ts'
import { readTopic } from './read-topic.ts'
import { layOut, showTime } from './text.ts'

/**
 * The letter or mark at a place; its buffers are its own.
 * @throws Fault OFFSET_OUT_OF_RANGE when there is none
 */
export const readPlace = async (
  { kafka, progress, log, signal }: Reading,
  { partition, offset }: Place,
): Promise<Letter | Mark> => {
  const topic = topics.deadLetter.name
  const bounds = (await fetchWatermarks({ kafka, topic, signal })).get(partition)
  const none = new Fault(
    'OFFSET_OUT_OF_RANGE',
    `there is no dead letter ${partition}/${offset}: list names those that there are`,
  )
  if (bounds === undefined || offset < bounds.earliest || offset >= bounds.highWatermark) throw none
  let found: Letter | Mark | undefined
  await readTopic({
    kafka,
    topic,
    parts: new Map([[partition, { from: offset, to: offset + 1 }]]),
    take: (message) => {
      // A batch is read from its beginning.
      if (message.offset === offset) found = readEntry(message)
    },
    progress,
    log,
    signal,
  })
  if (found === undefined) throw none
  return found
}

/** The record in some bytes, or why there is none to be had. */
const decode = async (codec: Codec, value: Buffer): Promise<Decoded | string> => {
  try {
    return await codec.decode(value)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return error.message
  }
}

const describeValue = async (
  codec: Codec,
  { value, leftOutBytes }: Letter,
  bytes: number,
): Promise<readonly string[]> => {
  if (leftOutBytes !== undefined)
    return [`its ${leftOutBytes} bytes were too many for a letter: they are at the source alone`]
  if (value === null) return ['no value']
  const decoded = await decode(codec, value)
  const isRead = typeof decoded !== 'string' && decoded.known
  const secrets = isRead ? secretsIn(decoded.record) : []
  const lines =
    typeof decoded === 'string'
      ? [`it cannot be read now: ${maskLine(decoded)}`]
      : decoded.known
        ? [`it can be read now: ${decoded.type}`, JSON.stringify(maskRecord(decoded.record), null, 2)]
        : [`it is a ${maskUnknown(decoded.fullName)}, which this version does not know`]
  const size = value.length > bytes ? `the first ${bytes} of ${value.length} bytes` : `${value.length} bytes`
  return [...lines, `${size}; ** is masked`, hexdump(value, bytes, secrets)]
}

/** Prints one letter without its secrets. `save`: a file for the untouched value, with them, for its owner's eyes only. */
export const show = async ({
  place,
  bytes,
  save,
  codec,
  say,
  ...reading
}: Reading & {
  readonly place: Place
  readonly bytes: number
  readonly save: string | undefined
  readonly codec: Codec
  readonly say: (line: string) => void
}): Promise<void> => {
  const entry = await readPlace(reading, place)
  const about = [
    ['source', showPosition(toText(entry.source))],
    ['reason', maskLine(`${entry.code}: ${entry.why}`)],
    ['given up by', maskUnknown(entry.service)],
  ]
  if (entry.kind === 'mark') {
    for (const line of layOut([
      ...about,
      ['replayed at', showTime(entry.replayedAt)],
      ['to', showPosition(entry.replayedTo)],
    ]))
      say(line)
    return say('this is the mark of a replay, not a letter')
  }
  const { key, value, headers, sourceTime, givenUpAt } = entry
  const times = [
    ['written', showTime(sourceTime)],
    ['given up', showTime(givenUpAt)],
  ]
  for (const line of layOut([...about, ...times, ['key', showKey(key)]])) say(line)
  say('headers')
  // The key stands above, as far as it may be seen.
  const shown = Object.entries(headers).filter(([name]) => name !== 'source-key-base64')
  for (const line of layOut(shown.map(([name, header]) => [`  ${maskUnknown(name)}`, showHeader(name, header)])))
    say(line)
  for (const line of await describeValue(codec, entry, bytes)) say(line)
  if (save === undefined) return
  await writeFile(save, value ?? Buffer.alloc(0), { mode: 0o600, flag: 'wx' })
  say(
    `its ${value?.length ?? 0} bytes are in ${save}, with every secret that is in them: delete the file when you are done`,
  )
}
