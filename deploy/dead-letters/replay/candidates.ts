import { readFile, stat } from 'node:fs/promises'
import { topics } from '../../../schemas/topics.ts'
import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { Codec } from '../../../services/shared/codec/codec.ts'
import { isFault } from '../../../services/shared/fault.ts'
import { partitionFor } from '../../../services/shared/kafka/partitioner.ts'
import type { Letter } from '../letter.ts'
import { masked } from '../masks/mask-text.ts'
import { UsageError } from '../option-values.ts'
import type { Mend } from '../options.ts'
import type { Candidate } from './judge.ts'
import { readRecord } from './read-record.ts'

/** Kafka's limit of a batch, where a topic has no other. */
const maxFileBytes = 1 << 20

const readMend = async (file: string): Promise<Buffer> => {
  const { size } = await stat(file)
  if (size > maxFileBytes)
    throw new UsageError(`${file} has ${size} bytes, and no record may have more than ${maxFileBytes}`)
  return readFile(file)
}

/**
 * Bytes of a record that somebody has written down as JSON.
 * @throws UsageError when it is none of this topic's records
 */
const encodeJson = async (
  codec: Codec,
  { file, topic: topicName, signal }: { readonly file: string; readonly topic: string; readonly signal: AbortSignal },
): Promise<Buffer> => {
  const text = (await readMend(file)).toString()
  if (text.includes(masked)) throw new UsageError(`${file} has ${masked} in it: put there what it stands for`)
  const parsed = parseJson(file, text)
  const topic = Object.values(topics).find(({ name }) => name === topicName)
  const type = topic?.records.find((name) => name === parsed.type)
  if (topic === undefined || type === undefined)
    throw new UsageError(`${file}: "type" is none of ${topic?.records.join(', ') ?? topicName}`)
  await codec.prepare(topic, signal)
  try {
    // A decoding edge: the codec refuses what does not fit the schema.
    return codec.encode(topic, type, parsed.record as AnyRecord['record'])
  } catch (error) {
    if (isFault(error, 'RECORD_INVALID')) throw new UsageError(`${file}: ${error.message}`)
    throw error
  }
}

const parseJson = (file: string, text: string): { readonly type: unknown; readonly record: unknown } => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // The cause is dropped on purpose: its message holds a part of the text.
    throw new UsageError(`${file} is not JSON`)
  }
  if (typeof parsed !== 'object' || parsed === null || !('type' in parsed) || !('record' in parsed))
    throw new UsageError(`${file}: expected {"type": …, "record": { … }}`)
  return parsed
}

const mendValue = async (codec: Codec, letter: Letter, mend: Mend, signal: AbortSignal): Promise<Buffer | null> => {
  if (mend.valueFile !== undefined) return readMend(mend.valueFile)
  if (mend.jsonFile === undefined) return letter.value
  return encodeJson(codec, { file: mend.jsonFile, topic: letter.source.topic, signal })
}

const recordIn = async (codec: Codec, letter: Letter, value: Buffer | null): Promise<Candidate['record']> =>
  value === null && letter.leftOutBytes !== undefined
    ? `its ${letter.leftOutBytes} bytes were too many for a letter`
    : readRecord(codec, value)

/**
 * What would be written for each letter. `partitions`: how many every topic has.
 * @throws UsageError when what is to mend a letter is of no use; Fault REGISTRY_UNREACHABLE
 */
export const toCandidates = async ({
  letters,
  mend,
  codec,
  partitions,
  signal,
}: {
  readonly letters: readonly Letter[]
  readonly mend: Mend
  readonly codec: Codec
  readonly partitions: number
  readonly signal: AbortSignal
}): Promise<readonly Candidate[]> => {
  const candidates: Candidate[] = []
  for (const letter of letters) {
    signal.throwIfAborted()
    const key = mend.key ?? letter.room
    const value = await mendValue(codec, letter, mend, signal)
    const partition = key === null ? undefined : partitionFor(key, partitions)
    candidates.push({ letter, key, value, record: await recordIn(codec, letter, value), partition })
  }
  return candidates
}
