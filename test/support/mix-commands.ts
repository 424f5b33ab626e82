import { topics } from '../../schemas/topics.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { fetchCommittedOffset, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { silentLog } from '../../services/shared/log.ts'
import { until } from './until.ts'

const groupId = 'mixer'
const topic = topics.mixCommand.name

/**
 * Waits until the mixer has committed the newest commands of these rooms: the next one does not carry them out again. The last of
 * them is followed by the marker of its transaction, which is nothing to commit.
 */
export const untilCommandsAreCommitted = async (
  brokers: readonly string[],
  ...rooms: readonly string[]
): Promise<void> => {
  const kafka = createKafka({ brokers, clientId: 'roomcast-test', log: silentLog })
  const bounds = await fetchWatermarks({ kafka, topic })
  for (const roomId of rooms) {
    const partition = partitionFor(roomId, bounds.size)
    const end = (bounds.get(partition)?.highWatermark ?? 0) - 1
    await until(`the mix commands of ${roomId} are committed`, async () => {
      const committed = await fetchCommittedOffset({ kafka, groupId, topic, partition })
      return committed !== null && committed >= end
    })
  }
}
