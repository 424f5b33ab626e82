import type { TopicToCreate } from '../../services/shared/kafka/admin.ts'
import type { ExistingTopic } from '../../services/shared/kafka/topics.ts'

/** What is found at a cluster, of one topic. */
export type Finding =
  | { readonly kind: 'missing'; readonly topic: TopicToCreate }
  | { readonly kind: 'same'; readonly topic: string }
  | {
      /** `wrong`: roomcast would not keep its promises. `different`: somebody may have wanted it so. */
      readonly kind: 'wrong' | 'different'
      readonly topic: string
      readonly setting: string
      readonly is: string
      readonly declared: string
      /** A command of Kafka's distribution, or where to read on. */
      readonly mend: string
    }

/**
 * Without these a room's state would be deleted, or its inputs would have as many clocks as writers. With fewer partitions of one
 * topic than of another a room would not have one partition number.
 */
const decisive = new Set(['cleanup.policy', 'message.timestamp.type'])

const mendSetting = (key: string, value: string, { name, replication }: ExistingTopic, brokers: string): string =>
  key === 'min.insync.replicas' && Number(value) > replication
    ? `more replicas first: with ${replication} nothing could be written`
    : `kafka-configs.sh --bootstrap-server ${brokers} --alter --entity-type topics --entity-name ${name} --add-config ${key}=${value}`

const compareOne = (
  wanted: TopicToCreate,
  existing: ExistingTopic | undefined,
  brokers: string,
): readonly Finding[] => {
  if (existing === undefined) return [{ kind: 'missing', topic: wanted }]
  const { name: topic } = wanted
  const partitions: readonly Finding[] =
    existing.partitions === wanted.partitions
      ? []
      : [
          {
            kind: 'wrong',
            topic,
            setting: 'partitions',
            is: String(existing.partitions),
            declared: String(wanted.partitions),
            mend: 'the number is fixed for life, since a room must stay in its partition: set TOPIC_PARTITIONS to what is there',
          },
        ]
  const replication: readonly Finding[] =
    existing.replication >= wanted.replication
      ? []
      : [
          {
            kind: 'different',
            topic,
            setting: 'replication',
            is: String(existing.replication),
            declared: String(wanted.replication),
            mend: 'docs/kafka.md, "More replicas for a topic that exists"',
          },
        ]
  const settings = Object.entries(wanted.config)
    .filter(([key, value]) => existing.config.get(key) !== value)
    .map(([key, value]): Finding => ({
      kind: decisive.has(key) ? 'wrong' : 'different',
      topic,
      setting: key,
      is: existing.config.get(key) ?? 'not known to this cluster',
      declared: value,
      mend: mendSetting(key, value, existing, brokers),
    }))
  const all = [...partitions, ...replication, ...settings]
  return all.length > 0 ? all : [{ kind: 'same', topic }]
}

/** What a cluster lacks, and where it is otherwise than declared. More replicas than declared are no difference. */
export const compareTopics = (
  wanted: readonly TopicToCreate[],
  existing: ReadonlyMap<string, ExistingTopic>,
  /** Where the commands that mend something find the cluster. */
  brokers: string,
): readonly Finding[] => wanted.flatMap((topic) => compareOne(topic, existing.get(topic.name), brokers))
