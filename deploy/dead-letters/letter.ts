import { topics } from '../../schemas/topics.ts'
import type { IncomingMessage, OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { isUtf8 } from 'node:buffer'

/** A place in a topic. */
export type Position = { readonly topic: string; readonly partition: number; readonly offset: number }

/** What every record of `dead-letter.v1` says of the record that was given up. */
type About = {
  /** Where it stands in `dead-letter.v1`. */
  readonly at: { readonly partition: number; readonly offset: number }
  readonly source: Position
  /** The source's key as text; null: it had none, or one that is no text. */
  readonly room: string | null
  /** For programs, as RECORD_UNREADABLE. */
  readonly code: string
  readonly why: string
  /** Who gave it up. */
  readonly service: string
}

/** A record that somebody gave up. */
export type Letter = About & {
  readonly kind: 'letter'
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Of a value that was too large for a letter, and is at the source alone: its size; else undefined. */
  readonly leftOutBytes: number | undefined
  readonly headers: Readonly<Record<string, Buffer>>
  readonly givenUpAt: number
  /** The source record's own timestamp, epoch ms; of letters of older versions the moment they were given up. */
  readonly sourceTime: number
  /** The record was itself a replay, and came back: what it was the replay of. */
  readonly replayOf: Position | undefined
}

/** Says that a letter was replayed; its value is empty. */
export type Mark = About & { readonly kind: 'mark'; readonly replayedTo: string; readonly replayedAt: number }

/** On a record that was replayed: the position of the one that was given up. */
export const replayOfHeader = 'replayOf'
const replayedToHeader = 'replayed-to'

/** What `services/shared/dead-letter.ts` and the marks say; all other headers are the source record's. */
const ownHeaders: ReadonlySet<string> = new Set([
  'source-topic',
  'source-partition',
  'source-offset',
  'source-time',
  'source-key-base64',
  'source-key-bytes',
  'source-value-bytes',
  'reason',
  'service',
  'time',
  replayedToHeader,
])

/** A position as people write it: `room.input.v1/3/1204`. */
export const toText = ({ topic, partition, offset }: Position): string => `${topic}/${partition}/${offset}`

/** The position that `toText` has written; undefined for other text. */
export const readPosition = (text: string | undefined): Position | undefined => {
  const [, topic, partition, offset] = /^([^/]{1,249})\/(\d{1,9})\/(\d{1,15})$/.exec(text ?? '') ?? []
  return topic === undefined ? undefined : { topic, partition: Number(partition), offset: Number(offset) }
}

const wholeNumber = (header: Buffer | undefined): number | undefined => {
  const text = header?.toString() ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Reasons are short; somebody else's record may have any. */
const maxText = 1_000
const textIn = (header: Buffer | undefined): string => header?.toString().slice(0, maxText) ?? ''

const timeIn = (header: Buffer | undefined, otherwise: number): number => {
  const time = Date.parse(header?.toString() ?? '')
  return Number.isNaN(time) ? otherwise : time
}

/**
 * What a record of `dead-letter.v1` is; undefined for one that nobody of ours has written. Its buffers are views into the answer
 * of the broker: copy what is kept.
 */
export const readEntry = (message: IncomingMessage): Letter | Mark | undefined => {
  const { headers, partition, offset, timestamp, value } = message
  const topic = textIn(headers['source-topic'])
  const sourcePartition = wholeNumber(headers['source-partition'])
  const sourceOffset = wholeNumber(headers['source-offset'])
  if (topic === '' || sourcePartition === undefined || sourceOffset === undefined) return undefined
  const keyBytes = headers['source-key-base64']
  const key = keyBytes === undefined ? message.key : Buffer.from(keyBytes.toString(), 'base64')
  const reason = textIn(headers['reason'])
  const [, code = 'UNKNOWN', why = reason] = /^([A-Z_]{1,64}): (.*)$/s.exec(reason) ?? []
  const about: About = {
    at: { partition, offset },
    source: { topic, partition: sourcePartition, offset: sourceOffset },
    room: key !== null && isUtf8(key) ? key.toString() : null,
    code,
    why,
    service: textIn(headers['service']),
  }
  const time = timeIn(headers['time'], timestamp)
  const replayedTo = headers[replayedToHeader]
  if (replayedTo !== undefined) return { ...about, kind: 'mark', replayedTo: textIn(replayedTo), replayedAt: time }
  const sourceTime = wholeNumber(headers['source-time']) ?? time
  const leftOutBytes = wholeNumber(headers['source-value-bytes'])
  const replayOf = readPosition(headers[replayOfHeader]?.toString())
  return { ...about, kind: 'letter', key, value, leftOutBytes, headers, givenUpAt: time, sourceTime, replayOf }
}

/** The headers that the record had when it was given up, as far as they were kept; text only. */
export const sourceHeaders = ({ headers }: Letter): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      ownHeaders.has(name) || !isUtf8(value) ? [] : [[name, value.toString()] as const],
    ),
  )

/** The record that marks a letter as replayed, so that `list` can say so and nobody replays it again. */
export const markOf = (letter: Letter, replayedTo: Position, now: number): OutgoingMessage => ({
  topic: topics.deadLetter.name,
  partition: letter.at.partition,
  key: letter.room,
  value: null,
  headers: {
    'source-topic': letter.source.topic,
    'source-partition': String(letter.source.partition),
    'source-offset': String(letter.source.offset),
    reason: `${letter.code}: ${letter.why}`,
    service: letter.service,
    time: new Date(now).toISOString(),
    [replayedToHeader]: toText(replayedTo),
  },
})
