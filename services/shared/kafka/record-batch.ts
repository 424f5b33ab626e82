import { crc32c } from './crc32c.ts'

/** What a batch keeps of a record; an `OutgoingMessage` is one. */
export type BatchRecord = {
  readonly key: string | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, string>>
}

/** Whose records they are, and which: with the number of the first one the leader recognises a repetition. */
export type RecordBatchOptions = {
  readonly records: readonly BatchRecord[]
  /** Epoch ms, of every record. */
  readonly timestampMs: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly isTransactional: boolean
}

/** Before the records: `org.apache.kafka.common.record.DefaultRecordBatch`. */
const headerBytes = 61
/** The length field counts what is behind itself, and the sum covers what is behind it. */
const afterLength = 12
const afterSum = 21
const magic = 2
const transactionalBit = 0x10

type Header = readonly [name: string, value: string]
const noHeaders: readonly Header[] = []

type MeasuredRecord = {
  readonly record: BatchRecord
  readonly headers: readonly Header[]
  /** Of all that follows the record's own length. */
  readonly bodyBytes: number
}

/** Small negative numbers become small ones without a sign: 0, -1, 1, -2 → 0, 1, 2, 3. */
const zigZag = (value: number): number => (value << 1) ^ (value >> 31)

/** Seven bits a byte. */
const varintBytes = (value: number): number => ((38 - Math.clz32(zigZag(value) | 1)) / 7) | 0

const prefixedBytes = (bytes: number): number => varintBytes(bytes) + bytes

const textBytes = (text: string): number => prefixedBytes(Buffer.byteLength(text))

/** A null is a length of -1. */
const nullBytes = varintBytes(-1)

const measure = (record: BatchRecord, place: number): MeasuredRecord => {
  const { key, value } = record
  const headers = record.headers ? Object.entries(record.headers) : noHeaders
  let bodyBytes = 2 + varintBytes(place) // the attributes and the difference in time are a zero each
  bodyBytes += key === null ? nullBytes : textBytes(key)
  bodyBytes += value === null ? nullBytes : prefixedBytes(value.length)
  bodyBytes += varintBytes(headers.length)
  for (const [name, text] of headers) bodyBytes += textBytes(name) + textBytes(text)
  return { record, headers, bodyBytes }
}

/** The writers return the place after what they have written. */
const writeVarint = (target: Buffer, value: number, at: number): number => {
  let rest = zigZag(value)
  let next = at
  for (; (rest & ~0x7f) !== 0; rest >>>= 7) target[next++] = (rest & 0x7f) | 0x80
  target[next++] = rest
  return next
}

const writeText = (target: Buffer, text: string, at: number): number => {
  const next = writeVarint(target, Buffer.byteLength(text), at)
  return next + target.write(text, next)
}

const writeBytes = (target: Buffer, bytes: Buffer, at: number): number => {
  const next = writeVarint(target, bytes.length, at)
  return next + bytes.copy(target, next)
}

const writeRecord = (
  target: Buffer,
  { record: { key, value }, headers, bodyBytes }: MeasuredRecord,
  place: number,
  start: number,
): number => {
  let at = writeVarint(target, bodyBytes, start)
  target[at++] = 0 // attributes: none are defined
  target[at++] = 0 // difference to the batch's time
  at = writeVarint(target, place, at)
  at = key === null ? writeVarint(target, -1, at) : writeText(target, key, at)
  at = value === null ? writeVarint(target, -1, at) : writeBytes(target, value, at)
  at = writeVarint(target, headers.length, at)
  for (const [name, text] of headers) at = writeText(target, text, writeText(target, name, at))
  return at
}

/**
 * A record batch of format 2, not compressed (https://kafka.apache.org/documentation/#recordbatch), in one buffer of its exact
 * size. The bytes are those of kafkajs' own encoder, which fills 512 bytes with zeros for each record and each header, and grows.
 */
export const encodeRecordBatch = ({
  records,
  timestampMs,
  producerId,
  producerEpoch,
  firstSequence,
  isTransactional,
}: RecordBatchOptions): Buffer => {
  const measured = records.map(measure)
  const bytes = measured.reduce((sum, { bodyBytes }) => sum + prefixedBytes(bodyBytes), headerBytes)
  const batch = Buffer.allocUnsafe(bytes)
  batch.writeBigInt64BE(0n, 0) // offset of the first record: the broker's to say
  batch.writeInt32BE(bytes - afterLength, 8)
  batch.writeInt32BE(0, 12) // epoch of the leader: the broker's, too
  batch.writeInt8(magic, 16)
  batch.writeInt16BE(isTransactional ? transactionalBit : 0, 21)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(timestampMs), 27)
  batch.writeBigInt64BE(BigInt(timestampMs), 35)
  batch.writeBigInt64BE(BigInt(producerId), 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(firstSequence, 53)
  batch.writeInt32BE(records.length, 57)
  let at = headerBytes
  for (const [place, record] of measured.entries()) at = writeRecord(batch, record, place, at)
  batch.writeUInt32BE(crc32c(batch, afterSum), 17)
  return batch
}
