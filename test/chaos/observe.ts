import { waitUntil } from '../../deploy/local/wait.ts'
import { topics } from '../../schemas/topics.ts'
import { Fault } from '../../services/shared/fault.ts'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import { fetchCommittedOffset, fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { metricSum } from '../support/metric-sum.ts'
import { readMetrics } from '../support/read-metrics.ts'

/** Offsets by partition. */
export type Offsets = ReadonlyMap<number, number>

const groupId = 'state-machine'

/** One past the last record of each partition of a topic. */
export const fetchEnds = async (kafka: Kafka, topic: string): Promise<Offsets> => {
  const bounds = await fetchWatermarks({ kafka, topic })
  return new Map([...bounds].map(([partition, { highWatermark }]) => [partition, highWatermark]))
}

const answerWithinMs = 2_000

/** The position in room.input that the state-machine has committed; 0 where there is none, or where one is just being committed. */
const fetchPosition = async (kafka: Kafka, partition: number): Promise<number> => {
  try {
    const topic = topics.roomInput.name
    return (await fetchCommittedOffset({ kafka, groupId, topic, partition, deadlineMs: answerWithinMs })) ?? 0
  } catch (error) {
    if (error instanceof Fault) return 0 // of a transaction that stands still as well
    throw error
  }
}

/** Waits until the state-machine has committed these offsets of room.input in every partition; rejects, naming what is behind. */
export const awaitPositions = async (
  kafka: Kafka,
  ends: Offsets,
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<void> => {
  let behind: readonly string[] = []
  const isThere = async (): Promise<boolean> => {
    const positions = await Promise.all([...ends.keys()].map((partition) => fetchPosition(kafka, partition)))
    behind = [...ends].flatMap(([partition, end], index) => {
      const position = positions[index] ?? 0
      return position < end ? [`partition ${partition} is at ${position} of ${end}`] : []
    })
    return behind.length === 0
  }
  if (await waitUntil(isThere, { deadlineMs, everyMs: 200, signal })) return
  throw new Error(`the state-machine did not catch up within ${deadlineMs / 1000} s: ${behind.join(', ')}`)
}

/** The sum of a metric of a service over all its labels that contain a text; undefined when the service does not answer. */
export const readMetric = async (adminUrl: string, name: string, label = ''): Promise<number | undefined> => {
  try {
    return metricSum(await readMetrics(adminUrl, answerWithinMs), name, label)
  } catch {
    return undefined // it is gone, or too busy: both mean that nothing is known
  }
}
