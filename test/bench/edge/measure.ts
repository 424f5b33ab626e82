import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '../../../deploy/local/wait.ts'
import type { OutgoingMessage } from '../../../services/shared/kafka/message.ts'
import { metricSum } from '../../support/metric-sum.ts'
import { appendAll } from '../inputs.ts'
import { round } from '../median.ts'
import type { Case, Figures, PartOptions } from '../part.ts'
import { summarise } from '../percentiles.ts'
import { sendAtRate } from '../send-at-rate.ts'
import { withStage, type Stage } from '../stage.ts'
import { epochNow, loadNow, startUsageSampler, type UsageSampler } from '../usage-sampler.ts'
import { openAudience, type Audience, type Layout } from './audience.ts'
import type { Contender, Server } from './contender.ts'
import { roomMessage, usualLineBytes } from './messages.ts'

export type SideBySide = {
  /** The first is what the others are compared with. */
  readonly contenders: readonly Contender[]
  readonly layout: Layout
  /** Comments a second, over all rooms by turns. */
  readonly rates: readonly number[]
  readonly seconds: number
  /** Of a comment, as it arrives. */
  readonly lineBytes?: number
  /** Said of every case, after its rate. */
  readonly about: string
}

type Running = {
  readonly server: Server
  readonly audience: Audience
  readonly sampler: UsageSampler
  readonly layout: Layout
  /** Makes a comment, to a room by turns. */
  readonly comment: (nth: number) => OutgoingMessage
}

const warmUpRate = 50
const warmUpMs = 5_000
/** Whoever has not got everything by then misses it. */
const settleMs = 30_000
/** After the last comment was produced, what has not arrived is late; the crowd's own rounds are shorter. */
const lateAfterMs = 1_000
const pauseMs = 2_000
const shownOfLog = 2_000

/** Figures of a run by contender and rate. */
type Run = ReadonlyMap<Contender, ReadonlyMap<number, Figures>>

/**
 * Every contender in turn gets the same clients and the same comments, on one broker, one after the other; in the next run in the opposite
 * order. A case for each rate and contender; `cpuRatio` and `p99Ratio` compare it with the first contender in the same run.
 */
export const measureSideBySide = async (
  { contenders, layout, rates, seconds, lineBytes = usualLineBytes, about }: SideBySide,
  options: PartOptions,
): Promise<readonly Case[]> => {
  const clients = layout.rooms.length * layout.clientsPerRoom
  const [first] = contenders
  const measured: Run[] = []
  await withStage(options, async (stage) => {
    const states = layout.rooms.map((room) => roomMessage(stage, room))
    await appendAll(stage.producer, states, options.signal)
    for (let run = 1; run <= options.runs; run++) {
      const figures = new Map<Contender, ReadonlyMap<number, Figures>>()
      for (const contender of run % 2 === 1 ? contenders : contenders.toReversed()) {
        const say = (line: string): void => options.say(`run ${run}, ${contender.name}, ${line}`)
        say(`${clients} clients …`)
        await withClients(stage, contender, { layout, lineBytes }, async (running) => {
          await warmUp(stage, running, options.signal)
          figures.set(contender, await measureRates(stage, running, { rates, seconds, say, signal: options.signal }))
        })
      }
      measured.push(figures)
    }
  })
  return rates.flatMap((rate) =>
    contenders.map((contender) => ({
      name: `${contender.name}, ${rate} comments/s`,
      about: `${(rate * clients) / layout.rooms.length} deliveries/s; ${about}`,
      runs: measured.map((run) =>
        compared(run.get(contender)?.get(rate), contender === first ? undefined : first && run.get(first)?.get(rate)),
      ),
    })),
  )
}

const measureRates = async (
  stage: Stage,
  running: Running,
  {
    rates,
    seconds,
    say,
    signal,
  }: Pick<SideBySide, 'rates' | 'seconds'> & Pick<PartOptions, 'say'> & { readonly signal: AbortSignal },
): Promise<ReadonlyMap<number, Figures>> => {
  const figures = new Map<number, Figures>()
  for (const rate of rates) {
    const own = await measureRate(stage, running, { rate, seconds, signal })
    const { cpuPerMillion, p50Ms, p99Ms, missing } = own
    say(`${rate}/s: ${cpuPerMillion} CPU s per million, ${p50Ms}/${p99Ms} ms, ${missing} missing`)
    figures.set(rate, own)
    await sleep(pauseMs, undefined, { signal })
  }
  return figures
}

const withClients = async (
  stage: Stage,
  contender: Contender,
  { layout, lineBytes }: { readonly layout: Layout; readonly lineBytes: number },
  use: (running: Running) => Promise<void>,
): Promise<void> => {
  const server = await contender.start(stage)
  try {
    const audience = await openAudience(server, contender, layout)
    const sampler = startUsageSampler({
      server: server.pid,
      broker: stage.brokerPid,
      crowd: audience.crowd.pid,
      probes: audience.probes.pid,
    })
    try {
      const { rooms } = layout
      const comment = (nth: number): OutgoingMessage => server.comment(rooms[nth % rooms.length] ?? '', lineBytes)
      await use({ server, audience, sampler, layout, comment })
    } finally {
      await sampler.stop()
      await audience.stop()
    }
  } catch (error) {
    throw new Error(`${contender.name} failed; the end of its log:\n${(await server.readLog()).slice(-shownOfLog)}`, {
      cause: error,
    })
  } finally {
    await server.stop()
  }
}

/** Until comments have come through: the consumers have their positions, and the code is compiled. */
const warmUp = async (stage: Stage, { audience, comment }: Running, signal: AbortSignal): Promise<void> => {
  const enough = AbortSignal.timeout(warmUpMs)
  await sendAtRate({
    rate: warmUpRate,
    send: (nth) => stage.producer.send(comment(nth)),
    signal: AbortSignal.any([signal, enough]),
  })
  signal.throwIfAborted()
  const hasCome = async (): Promise<boolean> => (await audience.count()).probes.lastArrivalAt > 0
  if (!(await waitUntil(hasCome, { deadlineMs: settleMs, signal }))) throw new Error('no comment came through')
  await sleep(pauseMs, undefined, { signal })
}

/** Sends comments at a rate, and looks at what the server used until all had arrived. */
const measureRate = async (
  stage: Stage,
  { server, audience, sampler, layout: { clientsPerRoom }, comment }: Running,
  { rate, seconds, signal }: { readonly rate: number; readonly seconds: number; readonly signal: AbortSignal },
): Promise<Figures> => {
  await audience.reset()
  const { textBytes } = (await audience.count()).crowd.heard
  const load1 = loadNow()
  const before = await server.metrics()
  const count = rate * seconds
  const expected = count * clientsPerRoom
  const from = epochNow()
  await sendAtRate({
    rate,
    count,
    send: (nth) => stage.producer.send(comment(nth)),
    signal,
  })
  signal.throwIfAborted()
  const sentAt = epochNow()
  const isComplete = async (): Promise<boolean> => (await audience.count()).comments >= expected
  await waitUntil(isComplete, { deadlineMs: lateAfterMs, everyMs: 100, signal })
  const inTime = await audience.count()
  await waitUntil(isComplete, { deadlineMs: settleMs, everyMs: 250, signal })
  const doneAt = epochNow()
  const [counted, latencies] = await Promise.all([audience.count(), audience.probes.ask('latencies', null)])
  const after = await server.metrics()
  const grown = (name: string, label: string): number => metricSum(after, name, label) - metricSum(before, name, label)
  const { crowd, probes } = counted
  const lastAt = Math.max(sentAt, probes.lastArrivalAt)
  const usage = sampler.between(from, doneAt)
  const latency = summarise(latencies.comments)
  return {
    cpuPerMillion: round(((usage['serverCpuSeconds'] ?? 0) / expected) * 1e6),
    p50Ms: latency.p50Ms,
    p99Ms: latency.p99Ms,
    maxMs: latency.maxMs,
    deliveriesPerSecond: Math.round(counted.comments / ((lastAt - from) / 1_000)),
    missing: expected - counted.comments,
    late: Math.max(0, expected - inTime.comments),
    outOfOrder: probes.outOfOrder,
    unequalClients: crowd.mostComments - crowd.fewestComments,
    gaps: crowd.heard.gaps,
    // What the edge says of it; 0 for a server that says nothing.
    dropped: grown('roomcast_edge_messages_dropped_total', 'weight="8"'),
    switchesToSlow: grown('roomcast_edge_switches_total', 'to="slow"'),
    closes: Object.values(crowd.closes).reduce((sum, closes) => sum + closes, 0) + probes.closes,
    // Of the crowd, which all but the probes are.
    bytesPerDelivery: round((crowd.heard.textBytes - textBytes) / ((expected * crowd.clients) / audience.clients)),
    cores: round((usage['serverCpuSeconds'] ?? 0) / ((doneAt - from) / 1_000)),
    rssMiB: usage['serverRssMiB'] ?? 0,
    crowdCpuSeconds: usage['crowdCpuSeconds'] ?? 0,
    probesCpuSeconds: usage['probesCpuSeconds'] ?? 0,
    brokerCpuSeconds: usage['brokerCpuSeconds'] ?? 0,
    benchCpuSeconds: usage['benchCpuSeconds'] ?? 0,
    otherCores: usage['otherCores'] ?? 0,
    load1,
  }
}

const compared = (own: Figures = {}, first: Figures | undefined): Figures => {
  if (first === undefined) return own
  const ratio = (name: string): number => round((own[name] ?? 0) / (first[name] ?? 0))
  return { cpuRatio: ratio('cpuPerMillion'), p99Ratio: ratio('p99Ms'), ...own }
}
