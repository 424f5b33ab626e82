import { topics } from '../../../schemas/topics.ts'
import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { IncomingMessage } from '../../shared/kafka/message.ts'
import { partitionFor } from '../../shared/kafka/partitioner.ts'
import type { RecordReader } from '../../shared/record-reader.ts'
import type { Input } from '../domain/decide.ts'
import type { ReadInput } from '../ports.ts'

const roomIdForm = /^[A-Za-z0-9]{1,64}$/
const inputTypes: ReadonlySet<string> = new Set(topics.roomInput.records)

const isInput = (record: AnyRecord): record is Input => inputTypes.has(record.type)

/**
 * Reads records of room.input. What cannot be an input of a room goes to the dead-letter topic and is passed over.
 * @param partitions number of partitions of room.input
 */
export const createInputReader = ({
  records,
  partitions,
}: {
  records: RecordReader
  partitions: number
}): ((message: IncomingMessage, signal: AbortSignal) => ReadInput | Promise<ReadInput>) => {
  const misfit = (roomId: string, { key, partition }: IncomingMessage): string | undefined => {
    if (!roomIdForm.test(roomId)) return 'roomId: expected 1 to 64 letters and digits'
    if (key?.toString() !== roomId) return 'the key is not the roomId'
    if (partitionFor(roomId, partitions) === partition) return undefined
    return 'wrong partition for this roomId: produce with murmur2 on the key'
  }

  const accept = (
    message: IncomingMessage,
    read: AnyRecord | undefined,
    signal: AbortSignal,
  ): ReadInput | Promise<ReadInput> => {
    const { offset: position, timestamp } = message
    const nothing: ReadInput = { position, timestamp, input: null }
    if (read === undefined || !isInput(read) || read.type === 'ClockRead') return nothing
    const why = misfit(read.record.roomId, message)
    if (why !== undefined) return records.putAside(message, why, signal).then(() => nothing)
    return { position, timestamp, input: read }
  }

  return (message, signal) => {
    const read = records.read(message, signal)
    return read instanceof Promise
      ? read.then((record) => accept(message, record, signal))
      : accept(message, read, signal)
  }
}
