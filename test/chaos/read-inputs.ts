import { topics } from '../../schemas/topics.ts'
import type { PeerMessage } from '../../schemas/types.generated.ts'
import type { Codec } from '../../services/shared/codec/codec.ts'
import { Fault } from '../../services/shared/fault.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import type { IncomingMessage } from '../../services/shared/kafka/message.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import type { Input } from '../../services/state-machine/domain/decide.ts'
import { readWhole } from './read-log.ts'
import type { LoggedInput } from './replay.ts'

const roomIdForm = /^[A-Za-z0-9]{1,64}$/
const inputTypes: ReadonlySet<string> = new Set(topics.roomInput.records)

/** An input; null for one that the state-machine passes over; `givenUp` for one that belongs into the dead-letter topic. */
const read = async (codec: Codec, message: IncomingMessage, partitions: number): Promise<Input | null | 'givenUp'> => {
  if (message.value === null) return 'givenUp'
  try {
    const decoded = await codec.decode(message.value)
    if (!decoded.known || !inputTypes.has(decoded.type) || decoded.type === 'ClockRead') return null
    const { roomId } = decoded.record
    const isInPlace = message.key?.toString() === roomId && partitionFor(roomId, partitions) === message.partition
    // A decoding edge: its type is one of the topic's.
    return roomIdForm.test(roomId) && isInPlace ? (decoded as Input) : 'givenUp'
  } catch (error) {
    if (error instanceof Fault && !error.retriable) return 'givenUp'
    throw error
  }
}

type Inputs = {
  readonly inputs: readonly LoggedInput[]
  readonly givenUp: readonly number[]
  /** Messages between rooms, at each of their appearances in the log, whether consumed or not. */
  readonly heard: readonly PeerMessage[]
}

/**
 * The inputs of a partition below `end`, and the offsets of those that cannot be inputs. Written apart from the state-machine's own
 * reader: what that one passes over by mistake is to be seen.
 */
export const readInputs = async ({
  kafka,
  codec,
  partition,
  partitions,
  end,
}: {
  readonly kafka: Kafka
  readonly codec: Codec
  readonly partition: number
  /** Number of partitions of room.input. */
  readonly partitions: number
  readonly end: number
}): Promise<Inputs> => {
  const inputs: LoggedInput[] = []
  const givenUp: number[] = []
  const heard: PeerMessage[] = []
  await readWhole({ kafka, topic: topics.roomInput, partition }, async (message) => {
    const { offset: position, timestamp } = message
    const input = await read(codec, message, partitions)
    if (input !== 'givenUp' && input?.type === 'PeerMessage') heard.push(input.record)
    if (position >= end) return
    if (input === 'givenUp') givenUp.push(position)
    else inputs.push({ position, timestamp, input })
  })
  return { inputs, givenUp, heard }
}
