import { topics } from '../../../schemas/topics.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Kafka } from '../../shared/kafka/client.ts'
import { fetchWatermarks } from '../../shared/kafka/offsets.ts'
import { createReader } from '../../shared/kafka/reader.ts'
import type { Log } from '../../shared/log.ts'
import { isProbeRoom } from '../../shared/probe-rooms.ts'
import { backOff } from '../../shared/waiting.ts'
import { withSignal } from '../../shared/with-signal.ts'
import type { TakeProbe } from '../probe.ts'

/** Reads the probes of one partition while the lanes read none, so that an edge without clients knows whether it would serve them. */
export type ProbeWatch = {
  /** Begins at the end of the log, or ends, at once. */
  readonly set: (isOn: boolean) => void
  /** Reads nothing any more; never throws. */
  readonly stop: () => Promise<void>
}

const topic = topics.pushSignal.name

/** One partition's probes come every few seconds, and the first byte of anything ends the wait. */
const maxWaitMs = 1_000
const maxBytes = 1024 * 1024

export const createProbeWatch = async ({
  kafka,
  partition,
  takeProbe,
  clock,
  log,
  signal: stopping,
}: {
  kafka: Kafka
  partition: number
  takeProbe: TakeProbe
  /** Epoch milliseconds. */
  clock: Clock
  log: Log
  signal: AbortSignal
}): Promise<ProbeWatch> => {
  let on: { readonly since: number; readonly ended: AbortController } | null = null

  const reader = await createReader({
    kafka,
    topic,
    minBytes: 1,
    maxWaitMs,
    maxBytes,
    onMessages: ({ messages }) => {
      for (const message of messages) {
        if (on !== null && isProbeRoom(message.key?.toString('latin1') ?? '')) takeProbe(message, on.since)
      }
    },
    onOutOfRange: () => 'end',
    log,
    signal: stopping,
  })

  const begin = async (signal: AbortSignal): Promise<void> => {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const bounds = await fetchWatermarks({ kafka, topic, partitions: [partition], signal })
        if (!signal.aborted) reader.add(partition, bounds.get(partition)?.highWatermark ?? 0)
        return
      } catch (error) {
        log.debug({ partition, err: error }, 'probes are not watched yet')
        await backOff(failures, signal).catch(() => log.debug({ partition }, 'the watch of probes ends'))
      }
    }
  }

  const end = (): void => {
    on?.ended.abort()
    on = null
    reader.remove(partition)
  }

  return {
    set: (isOn) => {
      if (isOn === (on !== null)) return
      if (!isOn) return end()
      on = { since: clock.now(), ended: new AbortController() }
      // It ends with its signal, and tells of its failures itself.
      void withSignal({ signals: [stopping, on.ended.signal] }, begin)
    },
    stop: async () => {
      end()
      await reader.close()
    },
  }
}
