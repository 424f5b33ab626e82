import { Fault } from './fault.ts'
import { partitionFor } from './kafka/partitioner.ts'

const form = /^probe\d{11}$/

/** Ids that are tried for each partition: by then every one has been met, but for a chance of e^-1000. */
const triesPerPartition = 1_000

/** Whether an id is reserved for probes. No minted room id is: those are 16 hex digits. */
export const isProbeRoom = (roomId: string): boolean => form.test(roomId)

/**
 * A reserved room id for each partition, by partition number; the same in every process. Under it markers are sent through the log
 * (`ProbeSent`, `ProbePassed`); a room of that name never exists.
 * @throws Fault CONFIG_INVALID when there are more partitions than ids can be found for
 */
export const findProbeRooms = (partitions: number): readonly string[] => {
  const found = new Map<number, string>()
  for (let number = 0; found.size < partitions; number++) {
    if (number >= partitions * triesPerPartition) {
      throw new Fault('CONFIG_INVALID', `no probe room for each of ${partitions} partitions`)
    }
    const roomId = `probe${String(number).padStart(11, '0')}`
    const partition = partitionFor(roomId, partitions)
    if (!found.has(partition)) found.set(partition, roomId)
  }
  return [...found].toSorted(([a], [b]) => a - b).map(([, roomId]) => roomId)
}
