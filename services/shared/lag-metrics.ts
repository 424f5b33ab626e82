import { Gauge } from 'prom-client'
import { systemClock, type Clock } from './clock.ts'
import type { ReadingLag } from './kafka/reader.ts'
import type { Metrics } from './metrics.ts'

/** Records of one fetch that are not all processed: one past the last, and the time of the first (epoch ms). */
type Waiting = { readonly end: number; readonly at: number }

type Place = {
  /** The first offset that is not processed. */
  processed: number
  /** One past the last record that was handed over. */
  handed: number
  /** Where reading goes on: past markers and holes behind that record, too. */
  position: number
  /** The end of the log. */
  end: number
  /** In the order of the log; as many as fetches whose records wait somewhere in a bounded queue. */
  readonly waiting: Waiting[]
  /** What is between `position` and `end` is not older than this, as far as is known; epoch ms. */
  unseenSince: number
}

const isBehind = ({ processed, end }: Place): boolean => processed < end
const oldestOf = ({ waiting, unseenSince }: Place): number => waiting[0]?.at ?? unseenSince

/** Keeps the lag of one topic, out of what fetches tell. Cheap: a few numbers for each fetch. */
const createLag = (clock: Clock) => {
  const places = new Map<number, Place>()

  const settle = (place: Place, offset: number): void => {
    place.processed = offset >= place.handed ? Math.max(offset, place.position) : offset
  }

  const lag: ReadingLag = {
    begin: (partition, offset) => {
      const place = { processed: offset, handed: offset, position: offset, end: offset, waiting: [], unseenSince: 0 }
      places.set(partition, place)
    },
    fetched: ({ partition, messages, highWatermark, position }) => {
      const place = places.get(partition)
      if (place === undefined) return
      const [first] = messages
      const last = messages.at(-1)
      const wasBehind = isBehind(place)
      place.end = highWatermark
      place.position = position
      if (first === undefined || last === undefined) {
        if (!wasBehind) place.unseenSince = clock.now()
        return settle(place, place.processed)
      }
      place.unseenSince = last.timestamp
      // Records that were not taken come again, as often as it takes: they must not pile up here.
      if (last.offset < place.handed) return
      place.waiting.push({ end: last.offset + 1, at: first.timestamp })
      place.handed = last.offset + 1
    },
    processed: (partition, offset) => {
      const place = places.get(partition)
      if (place === undefined) return
      settle(place, offset)
      while (place.waiting[0] !== undefined && place.waiting[0].end <= offset) place.waiting.shift()
    },
    forget: (partition) => {
      places.delete(partition)
    },
  }

  // As many as this instance has partitions: the age is a matter of the moment at which it is asked for.
  const messages = (): number =>
    [...places.values()].reduce((sum, { end, processed }) => sum + Math.max(0, end - processed), 0)
  const seconds = (): number =>
    [...places.values()]
      .filter(isBehind)
      .reduce((oldest, place) => Math.max(oldest, (clock.now() - oldestOf(place)) / 1_000), 0)

  return { lag, messages, seconds }
}

/**
 * Registers the lag of the topics that a service reads. `roomcast_lag_seconds` grows while processing stands still, also when
 * nothing is fetched any more; `roomcast_lag_messages` knows the log's end of the newest fetch, and counts offsets: markers and
 * what a compacted log has dropped among them.
 */
export const createLagMetrics = <Name extends string = string>({
  metrics,
  topics,
  clock = systemClock,
}: {
  metrics: Metrics
  topics: readonly Name[]
  /** Epoch milliseconds. */
  clock?: Clock
}): ((topic: Name) => ReadingLag) => {
  const lags = new Map(topics.map((topic) => [topic, createLag(clock)]))
  new Gauge({
    name: 'roomcast_lag_messages',
    help: 'Offsets up to the end of the log, as of the newest fetch, that are not processed; summed over partitions read here.',
    labelNames: ['topic'],
    registers: [metrics],
    collect() {
      for (const [topic, { messages }] of lags) this.set({ topic }, messages())
    },
  })
  new Gauge({
    name: 'roomcast_lag_seconds',
    help: 'Age of the oldest record that is not processed, of the worst partition read here; 0 when there is none.',
    labelNames: ['topic'],
    registers: [metrics],
    collect() {
      for (const [topic, { seconds }] of lags) this.set({ topic }, seconds())
    },
  })
  return (topic) => {
    const known = lags.get(topic)
    if (known === undefined) throw new Error(`no lag is kept of ${topic}`)
    return known.lag
  }
}
