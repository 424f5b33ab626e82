import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, type Child } from '../edge/child.ts'
import { round } from '../median.ts'
import type { Case, Figures, Part, PartOptions } from '../part.ts'
import { withStage, type Stage } from '../stage.ts'
import { epochNow, loadNow, startUsageSampler } from '../usage-sampler.ts'
import { startWholeSystem, type WholeSystem } from '../whole-system.ts'
import { readCounters } from './counters.ts'
import { ratesOf, sendLoad, type Load } from './load.ts'
import type { Broadcaster } from './session.ts'
import type { VisitorsApi } from './visitors.ts'

type Named = { readonly name: string; readonly about: string; readonly load: Load }

const loads: readonly Named[] = [
  {
    name: 'usual',
    about: 'rooms and clients as docs/capacity.md takes them to be, with sessions enough to see some',
    load: { rooms: 160, clients: 16_000, comments: 1_200, likes: 2_400, sessions: 4, stayMinutes: 10 },
  },
  {
    name: 'lively',
    about: 'small rooms in which much happens',
    load: { rooms: 100, clients: 5_000, comments: 3_600, likes: 7_200, sessions: 30, stayMinutes: 5 },
  },
]
const quickLoad: Load = { rooms: 10, clients: 50, comments: 1_200, likes: 2_400, sessions: 180, stayMinutes: 1 }

/** As in the benchmark of mix commands. */
const cloudDelayMs = 100
const roomsAtOnce = 10

const createRooms = async ({ app }: WholeSystem, count: number): Promise<readonly Broadcaster[]> => {
  const uids = Array.from({ length: count }, () => crypto.randomUUID()).values()
  const broadcasters: Broadcaster[] = []
  const createSome = async (): Promise<void> => {
    for (const uid of uids) broadcasters.push({ uid, roomId: (await app.createLive({ uid })).roomId })
  }
  await Promise.all(Array.from({ length: roomsAtOnce }, createSome))
  return broadcasters
}

/** CPU seconds as cores; the rest as it is. */
const inCores = (usage: Figures, seconds: number): Figures =>
  Object.fromEntries(
    Object.entries(usage).map(([name, value]) =>
      name.endsWith('CpuSeconds') ? [name.replace('CpuSeconds', 'Cores'), round(value / seconds)] : [name, value],
    ),
  )

/** What was used and counted in a second of a while. */
const measureWhile = async (
  system: WholeSystem,
  stage: Stage,
  usage: Pick<ReturnType<typeof startUsageSampler>, 'between'>,
  wait: () => Promise<unknown>,
): Promise<Figures> => {
  const load1 = loadNow()
  const before = await readCounters(system, stage)
  const from = epochNow()
  await wait()
  const to = epochNow()
  const after = await readCounters(system, stage)
  const seconds = (to - from) / 1_000
  const counted = Object.entries(after).map(([name, value]) => [name, round((value - (before[name] ?? 0)) / seconds)])
  return { ...Object.fromEntries(counted), ...inCores(usage.between(from, to), seconds), load1 }
}

const measureLoad = async (
  stage: Stage,
  { name, about, load }: Named,
  { runs, isQuick, say, signal }: PartOptions,
): Promise<Case> => {
  const [warmUpMs, windowMs] = isQuick ? [3_000, 5_000] : [40_000, 30_000]
  const system = await startWholeSystem(stage, { cloudDelayMs })
  const services = Object.entries(system.services)
  const visitors: Child<VisitorsApi> = await startChild(join(import.meta.dirname, 'visitors.ts'))
  const over = new AbortController()
  try {
    const broadcasters = await createRooms(system, load.rooms)
    say(`${name}: ${load.clients} clients come to ${load.rooms} rooms …`)
    await visitors.ask('open', {
      port: Number(new URL(system.edgeUrl).port),
      tokenSecret: system.tokenSecret,
      rooms: broadcasters.map(({ roomId }) => roomId),
      clientsPerRoom: load.clients / load.rooms,
    })
    await visitors.ask('renew', ratesOf(load).arrivals)
    const sending = sendLoad(system.app, broadcasters, load, AbortSignal.any([signal, over.signal]))
    sending.catch(() => {}) // looked at while something is waited for, and at the end
    const wait = (ms: number): Promise<unknown> => Promise.race([sleep(ms, undefined, { signal }), sending])
    await wait(warmUpMs)

    const pids = await Promise.all(services.map(async ([service, { pid }]) => [service, await pid()] as const))
    const usage = startUsageSampler({
      ...Object.fromEntries(pids),
      broker: stage.brokerPid,
      visitors: visitors.pid,
    })
    const measured: Figures[] = []
    try {
      for (let run = 1; run <= runs; run++) {
        const figures = await measureWhile(system, stage, usage, () => wait(windowMs))
        const cores = ['edge', 'ingest', 'stateMachine', 'mixer', 'broker'].map(
          (process) => `${process} ${figures[`${process}Cores`]}`,
        )
        say(`run ${run}, cores: ${cores.join(', ')}`)
        measured.push({ ...load, ...figures })
      }
    } finally {
      await usage.stop()
    }
    over.abort()
    const { refused } = await sending
    if (refused > 0) say(`${refused} steps of sessions were refused: the mixes of this machine end late`)
    const { closed } = await visitors.ask('count', null)
    if (closed > 0) throw new Error(`the edge ended ${closed} connections`)
    return { name, about, runs: measured }
  } finally {
    over.abort()
    await visitors.stop()
    for (const [, service] of services) await service.stop()
  }
}

/** A whole system under steady loads: what docs/capacity.md predicts is held against it. */
export const capacitySystemPart: Part = {
  name: 'capacity-system',
  about:
    'one process of each service, a broker and a registry under a steady load of requests, sessions and clients that come and go: cores of each process, ' +
    'MiB, and what happened in a second',
  measure: (options) =>
    withStage(options, async (stage) => {
      if (options.isQuick) return [await measureLoad(stage, { name: 'quick', about: 'few', load: quickLoad }, options)]
      const cases: Case[] = []
      for (const load of loads) cases.push(await measureLoad(stage, load, options))
      return cases
    }),
}
