import type { Who } from '../../deploy/kafka/acl-table.ts'
import type { JsonSchema } from '../../schemas/json-schema.ts'
import type { TopicKey } from '../../schemas/topics.ts'
import { bindingVersion, messagesOf, refTo, topicKeys, topicOf } from './kafka-messages.ts'
import { groupOf, parties, readingOf, writingOf } from './kafka-parties.ts'

/** The inputs are read in a group, and so are mix commands; everything else is read by everybody. */
const groupBinding = (who: Who, key: TopicKey): JsonSchema => {
  const group = key === 'roomInput' || key === 'mixCommand' ? groupOf(who) : undefined
  return group === undefined
    ? {}
    : { bindings: { kafka: { groupId: { type: 'string', enum: [group] }, bindingVersion } } }
}

const sendOf = (who: Who, key: TopicKey): readonly [string, JsonSchema][] => {
  const writing = writingOf(who, topicOf(key))
  if (writing === undefined) return []
  const ofDeadLetters = [who === 'dead-letters' ? 'replayMark' : 'deadLetter']
  const messages = key === 'deadLetter' ? ofDeadLetters : writing.records
  if (messages.length === 0) throw new Error(`${who} may write ${topicOf(key).name}, but nobody said which records`)
  const described: JsonSchema = {
    action: 'send',
    title: `${who} writes ${topicOf(key).name}`,
    summary: writing.why,
    channel: { $ref: `#/channels/${key}` },
    tags: [{ name: who }],
    messages: messages.map((message) => refTo(key, message)),
    ...(who === 'ingest' && key === 'roomInput'
      ? {
          reply: {
            channel: { $ref: '#/channels/requestOutcome' },
            messages: [refTo('requestOutcome', 'RequestDecided')],
          },
        }
      : {}),
  }
  return [[`${who}.send.${key}`, described]]
}

const receiveOf = (who: Who, key: TopicKey): readonly [string, JsonSchema][] => {
  const reading = readingOf(who, topicOf(key))
  if (reading === undefined) return []
  const described: JsonSchema = {
    action: 'receive',
    title: `${who} reads ${topicOf(key).name}`,
    summary: reading.why,
    channel: { $ref: `#/channels/${key}` },
    tags: [{ name: who }],
    messages: messagesOf(key).map((message) => refTo(key, message)),
    ...groupBinding(who, key),
  }
  return [[`${who}.receive.${key}`, described]]
}

/** Throws when nobody is said to write a record. */
const refuseOrphans = (): void => {
  const orphans = topicKeys.flatMap((key) =>
    topicOf(key).records.filter(
      (record) =>
        !parties.some((who) => who !== 'dead-letters' && writingOf(who, topicOf(key))?.records.includes(record)),
    ),
  )
  if (orphans.length > 0) throw new Error(`nobody is said to write ${orphans.join(', ')}`)
}

/** What everybody writes and reads, by a name that begins with his. */
export const describeOperations = (): Readonly<Record<string, JsonSchema>> => {
  refuseOrphans()
  return Object.fromEntries(
    parties.flatMap((who) => topicKeys.flatMap((key) => [...sendOf(who, key), ...receiveOf(who, key)])),
  )
}
