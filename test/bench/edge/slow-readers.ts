import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { waitUntil } from '../../../deploy/local/wait.ts'
import { pause } from '../../../services/shared/waiting.ts'
import { metricSum } from '../../support/metric-sum.ts'
import { appendAll, mintRooms } from '../inputs.ts'
import { median, round } from '../median.ts'
import type { Case, Figures, Part, PartOptions } from '../part.ts'
import { summarise } from '../percentiles.ts'
import { readProcessUsage } from '../process-usage.ts'
import { sendAtRate } from '../send-at-rate.ts'
import { withStage, type Stage } from '../stage.ts'
import { epochNow, loadNow, startUsageSampler } from '../usage-sampler.ts'
import { openAudience, type Audience } from './audience.ts'
import { startChild, type Child } from './child.ts'
import { edge, type Server } from './contender.ts'
import type { CrowdApi } from './crowd.ts'
import { commentMessage, likeMessage, roomMessage, signalMessage } from './messages.ts'

const connections = 2_000
/** A second, over all rooms by turns. */
const rates = { comments: 250, likes: 500, signals: 5 } as const
const stalledShare = 0.05
/** So long a client reads nothing; then another takes its place that reads nothing either. */
const renewEveryMs = 40_000
/** Half of those that do not read go on talking: not silence ends these, but that they make no progress. */
const talkEveryMs = 10_000
const settleMs = 30_000
const mebibyte = 2 ** 20

type Size = { readonly rooms: readonly string[]; readonly clientsPerRoom: number; readonly seconds: number }

/** Clients that read nothing, in every room. */
type Stalled = {
  readonly renew: () => Promise<void>
  readonly talk: () => Promise<void>
  readonly stop: () => Promise<void>
}

const openStalled = async ({ port }: Server, { rooms, clientsPerRoom }: Size): Promise<Stalled> => {
  const each = Math.max(1, Math.round((clientsPerRoom * stalledShare) / 2))
  const crowds: Child<CrowdApi>[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(crowds.map((crowd) => crowd.stop()))
  }
  const renew = async (): Promise<void> => {
    for (const [index, crowd] of crowds.entries()) {
      const name = `stalled-${index}`
      await crowd.ask('close', null)
      // Half of them have promised to acknowledge what they read.
      const options = { name, port, rooms, clientsPerRoom: each, acks: index === 0, deflate: false } as const
      await crowd.ask('open', { ...options, reads: 'nothing' })
    }
  }
  try {
    for (let index = 0; index < 2; index++) {
      crowds.push(await startChild<CrowdApi>(join(import.meta.dirname, 'crowd.ts')))
    }
    await renew()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    renew,
    talk: async () => {
      await crowds[0]?.ask('say', '{"op":"ping"}')
    },
    stop,
  }
}

/** What the edge says of itself, once a second. */
type Look = { readonly rssMiB: number; readonly heapMiB: number; readonly queuedKiB: number }

const lookAt = async (server: Server): Promise<Look> => {
  const [text, usage] = await Promise.all([server.metrics(), readProcessUsage(server.pid)])
  return {
    rssMiB: round(usage.rssBytes / mebibyte),
    heapMiB: round(metricSum(text, 'nodejs_heap_size_used_bytes') / mebibyte),
    queuedKiB: round(metricSum(text, 'roomcast_edge_queued_bytes') / 1024),
  }
}

const sendAll = async (stage: Stage, { rooms, seconds }: Size, signal: AbortSignal): Promise<void> => {
  const kinds = [
    [rates.comments, commentMessage],
    [rates.likes, likeMessage],
    [rates.signals, signalMessage],
  ] as const
  await Promise.all(
    kinds.map(([rate, message]) =>
      sendAtRate({
        rate,
        count: rate * seconds,
        send: (nth) => stage.producer.send(message(stage, rooms[nth % rooms.length] ?? '')),
        signal,
      }),
    ),
  )
  signal.throwIfAborted()
}

/** Calls again and again, each time after the last one is done, until the signal aborts. */
const repeat = async (everyMs: number, signal: AbortSignal, what: () => Promise<unknown>): Promise<void> => {
  while (!signal.aborted) {
    await pause(everyMs, signal)
    if (!signal.aborted) await what()
  }
}

const measureOnce = async (
  stage: Stage,
  size: Size,
  withStalled: boolean,
  { signal }: PartOptions,
): Promise<Figures> => {
  const load1 = loadNow()
  const contender = edge()
  const server = await contender.start(stage)
  let audience: Audience | undefined
  let stalled: Stalled | undefined
  try {
    const { rooms, clientsPerRoom, seconds } = size
    const readers = withStalled ? Math.round(clientsPerRoom * (1 - stalledShare)) : clientsPerRoom
    audience = await openAudience(server, contender, { rooms, clientsPerRoom: readers, probes: rooms.length })
    stalled = withStalled ? await openStalled(server, size) : undefined
    await sendAll(stage, { ...size, seconds: 5 }, signal) // compiled, and read from the right places
    await sleep(2_000, undefined, { signal })
    await audience.reset()

    const before = await server.metrics()
    const sampler = startUsageSampler({ server: server.pid, broker: stage.brokerPid })
    const looks: Look[] = []
    const over = new AbortController()
    const until = AbortSignal.any([signal, over.signal])
    const side = Promise.all([
      repeat(1_000, until, async () => looks.push(await lookAt(server))),
      repeat(renewEveryMs, until, async () => stalled?.renew()),
      repeat(talkEveryMs, until, async () => stalled?.talk()),
    ])
    side.catch(() => {}) // looked at below
    const from = epochNow()
    try {
      await sendAll(stage, size, signal)
    } finally {
      over.abort()
    }
    const to = epochNow()
    await side
    await sampler.stop()

    const expected = rates.comments * seconds * readers
    const isComplete = async (): Promise<boolean> => ((await audience?.count())?.comments ?? 0) >= expected
    await waitUntil(isComplete, { deadlineMs: settleMs, everyMs: 250, signal })
    const [counted, latencies, after] = await Promise.all([
      audience.count(),
      audience.probes.ask('latencies', null),
      server.metrics(),
    ])
    const grown = (name: string, ...labels: readonly string[]): number =>
      metricSum(after, name, ...labels) - metricSum(before, name, ...labels)
    const rss = looks.map(({ rssMiB }) => rssMiB)
    const tenth = Math.max(1, Math.floor(looks.length / 10))
    const usage = sampler.between(from, to)
    return {
      ...latencyOf('signal', latencies.signals),
      ...latencyOf('comment', latencies.comments),
      ...latencyOf('like', latencies.likes),
      readers: rooms.length * readers,
      commentsMissing: expected - counted.comments,
      // Every room has one probe.
      likesMissing: rates.likes * seconds - counted.probes.likes,
      signalsMissing: rates.signals * seconds - counted.probes.signals,
      outOfOrder: counted.probes.outOfOrder,
      readersClosed: Object.values(counted.crowd.closes).reduce((sum, closes) => sum + closes, counted.probes.closes),
      closes4001: grown('roomcast_edge_closes_total', 'code="4001"'),
      closes4002: grown('roomcast_edge_closes_total', 'code="4002"'),
      commentsDropped: grown('roomcast_edge_messages_dropped_total', 'weight="8"'),
      rssFirstMiB: round(median(rss.slice(0, tenth))),
      rssMiddleMiB: round(median(rss.slice(rss.length / 2, rss.length / 2 + tenth))),
      rssLastMiB: round(median(rss.slice(-tenth))),
      rssMaxMiB: Math.max(...rss),
      heapMaxMiB: Math.max(...looks.map(({ heapMiB }) => heapMiB)),
      queuedMaxKiB: Math.max(...looks.map(({ queuedKiB }) => queuedKiB)),
      serverCpuSeconds: usage['serverCpuSeconds'] ?? 0,
      otherCores: usage['otherCores'] ?? 0,
      load1,
    }
  } finally {
    await stalled?.stop()
    await audience?.stop()
    await server.stop()
  }
}

const latencyOf = (name: string, durationsMs: readonly number[]): Figures => {
  const { p50Ms, p99Ms, maxMs } = summarise(durationsMs)
  return { [`${name}P50Ms`]: p50Ms, [`${name}P99Ms`]: p99Ms, [`${name}MaxMs`]: maxMs }
}

/** Whether those who do not read cost those who do anything, and whether the edge's memory stays bounded. */
export const slowReadersPart: Part = {
  name: 'slow-readers',
  about:
    `an hour of 25 rooms (1,200 comments, 2,400 likes, 24 signals each) in two minutes, ${connections} connections; by turns all of them read, ` +
    'and 5 % of them read nothing: half of these are silent, half send pings; every 40 s others take their places',
  measure: async (options) => {
    const { runs, isQuick, say, signal } = options
    const rooms = mintRooms(isQuick ? 5 : 25)
    const size = { rooms, clientsPerRoom: isQuick ? 20 : connections / rooms.length, seconds: isQuick ? 5 : 120 }
    const phases = [
      { name: 'all read', withStalled: false, measured: new Array<Figures>() },
      { name: '5 % read nothing', withStalled: true, measured: new Array<Figures>() },
    ]
    await withStage(options, async (stage) => {
      const states = rooms.map((room) => roomMessage(stage, room))
      await appendAll(stage.producer, states, signal)
      for (let run = 1; run <= runs; run++) {
        for (const { name, withStalled, measured } of run % 2 === 1 ? phases : phases.toReversed()) {
          say(`run ${run}: ${name}, ${size.seconds} s …`)
          measured.push(await measureOnce(stage, size, withStalled, options))
        }
      }
    })
    return phases.map(({ name, measured }): Case => ({ name, about: 'latency of those who read', runs: measured }))
  },
}
