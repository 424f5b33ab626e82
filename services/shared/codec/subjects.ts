import type { Topic } from '../../../schemas/topics.ts'
import { fullNames, type RecordName } from '../../../schemas/types.generated.ts'
import type { LocalType } from './avro.ts'

/** A record of a topic, under the name by which the registry knows its versions. */
export type Subject = { readonly record: RecordName; readonly name: string; readonly local: LocalType }

/**
 * The subjects of a topic's records: `<topic>-<full name of the record>`.
 * Confluent's TopicRecordNameStrategy: several record types share a topic, and each evolves by itself.
 */
export const subjectsOf = (topic: Topic, types: ReadonlyMap<string, LocalType>): readonly Subject[] =>
  topic.records.map((record) => {
    const local = types.get(fullNames[record])
    if (local === undefined) throw new Error(`there is no schema ${fullNames[record]}`)
    return { record, name: `${topic.name}-${local.fullName}`, local }
  })
