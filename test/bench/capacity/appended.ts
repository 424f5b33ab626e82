import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { logDirOf } from '../../../deploy/local/cluster.ts'
import { topics, type TopicKey } from '../../../schemas/topics.ts'

/** Of every topic, and of all of Kafka's own together (offsets of groups, states of transactions). */
export type Appended = Readonly<Record<TopicKey | 'ofKafka', number>>

const sizeOf = async (folder: string): Promise<number> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log'))
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Bytes in the logs of the only broker, batches, markers and all. They only grow while nothing is old enough to be deleted or compacted. */
export const readAppended = async (dataDir: string): Promise<Appended> => {
  const folder = logDirOf(dataDir, 1)
  const partitions = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const sizes = await Promise.all(
    partitions.map(async ({ name }) => ({
      topic: name.replace(/-\d+$/, ''),
      bytes: await sizeOf(join(folder, name)),
    })),
  )
  const sizeOfTopic = (topic: string): number =>
    sizes.reduce((sum, one) => sum + (one.topic === topic ? one.bytes : 0), 0)
  const own = Object.entries(topics).map(([key, { name }]) => [key, sizeOfTopic(name)])
  const ofKafka = sizeOfTopic('__consumer_offsets') + sizeOfTopic('__transaction_state')
  // The keys are those of the topics, which the compiler cannot see.
  return { ...Object.fromEntries(own), ofKafka } as Appended
}
