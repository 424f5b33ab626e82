import { setTimeout as sleep } from 'node:timers/promises'
import { topics } from '../../schemas/topics.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { startCallbackServer } from '../support/callback-server.ts'
import { startVendorServer, vendorCredentials } from '../support/vendor-server.ts'
import { appendAll, mintRooms } from './inputs.ts'
import { round } from './median.ts'
import { followMixAnswers, type MixAnswers } from './mix-answers.ts'
import type { Case, Figures, Part, PartOptions } from './part.ts'
import { partitions, withStage, type MeasuredService, type Stage } from './stage.ts'
import { epochNow, loadNow, startUsageSampler } from './usage-sampler.ts'

const cloudDelayMs = 100
/** As the mixer has it: commands under way at the same time, per partition. */
const maxRunning = 64
/** Many more main streams than may be under way, so that it is not their order that limits. */
const roomsPerPartition = 512
const withinMs = 120_000
/** The mixer gives up what is late; nothing is, here. */
const termMs = 3_600_000

const shownLogBytes = 4_000

/** What the mixer calls, and how it is told. */
type Cloud = {
  readonly name: string
  readonly open: () => Promise<{ readonly env: Readonly<Record<string, string>>; readonly close: () => Promise<void> }>
}

const simulated: Cloud = {
  name: 'simulated',
  open: async () => {
    const ingest = await startCallbackServer()
    const env = {
      MIXER_ADAPTER: 'simulated',
      MIXER_SIMULATED_DELAY_MS: String(cloudDelayMs),
      INGEST_URL: ingest.url,
      ALLOW_INSECURE_LOCAL: '1',
    }
    return { env, close: ingest.close }
  },
}

const aliyun: Cloud = {
  name: 'aliyun',
  open: async () => {
    const vendor = await startVendorServer({
      behave: () => ({ kind: 'carry-out', isAnswered: sleep(cloudDelayMs, true) }),
    })
    const env = {
      MIXER_ADAPTER: 'aliyun',
      ALIYUN_ENDPOINT: vendor.url,
      ALIYUN_ACCESS_KEY_ID: vendorCredentials.accessKeyId,
      ALIYUN_ACCESS_KEY_SECRET: vendorCredentials.accessKeySecret,
      // its endpoint has no TLS
      ALLOW_INSECURE_LOCAL: '1',
    }
    return { env, close: vendor.close }
  },
}

type Layout = {
  readonly name: string
  readonly rooms: readonly string[]
  /** Commands to each room in a run, starts and stops by turns. */
  readonly rounds: number
  /** What the limits of the mixer allow, commands a second. */
  readonly bound: number
}

const layoutsOf = (isQuick: boolean): readonly Layout[] => {
  const everywhere = mintRooms(roomsPerPartition * partitions)
  const together = everywhere.filter((roomId) => partitionFor(roomId, partitions) === 0)
  const perSecond = 1_000 / cloudDelayMs
  return [
    { name: 'one main stream', rooms: together.slice(0, 1), rounds: isQuick ? 20 : 100, bound: perSecond },
    { name: 'one partition', rooms: together, rounds: isQuick ? 4 : 20, bound: maxRunning * perSecond },
    {
      name: `${partitions} partitions`,
      rooms: everywhere,
      rounds: isQuick ? 2 : 8,
      bound: maxRunning * partitions * perSecond,
    },
  ]
}

let runs = 0

/** All rooms' first commands, then their second ones, and so on; each is expected in that order. */
const commands = function* (
  { codec }: Stage,
  { rooms, rounds }: Layout,
  answers: MixAnswers,
): Iterable<OutgoingMessage> {
  const topic = topics.mixCommand
  runs += 1
  for (let nth = 0; nth < rounds; nth++) {
    for (const roomId of rooms) {
      const now = Date.now()
      const command = {
        eventId: `${roomId}.${runs}.${nth}`,
        roomId,
        occurredAt: now,
        sessionId: 'bench',
        generation: nth,
        mixRoomId: 'other',
        deadline: now + termMs,
      }
      const isStart = nth % 2 === 0
      const value = isStart
        ? codec.encode(topic, 'StartMix', { ...command, mixType: 'channel', mixTemplate: 'side_by_side' })
        : codec.encode(topic, 'StopMix', command)
      answers.expect(roomId, command.eventId)
      yield { topic: topic.name, key: roomId, value, headers: { type: isStart ? 'StartMix' : 'StopMix' } }
    }
  }
}

/** Gives the mixer, which waits for them, all commands as fast as the broker takes them. */
const measureOnce = async (
  stage: Stage,
  mixer: MeasuredService,
  layout: Layout,
  { signal }: PartOptions,
): Promise<Figures> => {
  const load1 = loadNow()
  const answers = await followMixAnswers(stage, { signal })
  const sampler = startUsageSampler({ mixer: await mixer.pid(), broker: stage.brokerPid })
  try {
    const from = epochNow()
    const startedAt = performance.now()
    const { count } = await appendAll(stage.producer, commands(stage, layout, answers), signal)
    const { at, repeats } = await answers.all(withinMs)
    const seconds = (at - startedAt) / 1_000
    const usage = sampler.between(from, epochNow())
    const perSecond = count / seconds
    return {
      commandsPerSecond: round(perSecond),
      shareOfBound: round(perSecond / layout.bound),
      mixerCpuMsPerCommand: round(((usage['mixerCpuSeconds'] ?? 0) / count) * 1_000),
      commands: count,
      repeats,
      seconds: round(seconds),
      ...usage,
      load1,
    }
  } finally {
    await sampler.stop()
    await answers.close()
  }
}

const measureCloud = async (stage: Stage, cloud: Cloud, options: PartOptions): Promise<readonly Case[]> => {
  const { env, close } = await cloud.open()
  const mixer = await stage.createService('mixer', `mixer-${cloud.name}`, env)
  const cases: Case[] = []
  try {
    await mixer.start()
    await mixer.ready()
    for (const layout of layoutsOf(options.isQuick)) {
      const name = `${cloud.name}, ${layout.name}`
      const measured: Figures[] = []
      // The first run warms up.
      for (let run = 0; run <= options.runs; run++) {
        const figures = await measureOnce(stage, mixer, layout, options)
        options.say(
          `${name}, ${run === 0 ? 'warm-up' : `run ${run}`}: ${figures['commandsPerSecond']} commands/s of ${layout.bound}`,
        )
        if (run > 0) measured.push(figures)
      }
      const about = `${layout.rooms.length} main streams; the bound is ${layout.bound} commands a second`
      cases.push({ name, about, runs: measured })
    }
  } catch (error) {
    options.say(`the mixer's log ends so:\n${(await mixer.readLog()).slice(-shownLogBytes)}`)
    throw error
  } finally {
    await mixer.stop()
    await close()
  }
  return cases
}

/** What the mixer carries out while its cloud takes its time. */
export const mixCommandsPart: Part = {
  name: 'mix-commands',
  about:
    `commands per second through one mixer over ${partitions} partitions, with a cloud that answers after ${cloudDelayMs} ms: from the first command ` +
    'appended to the last answer read from room.input; answers of one main stream in the order of its commands, none missing',
  measure: (options) =>
    withStage(options, async (stage) => {
      await stage.codec.prepare(topics.mixCommand, options.signal)
      return [...(await measureCloud(stage, simulated, options)), ...(await measureCloud(stage, aliyun, options))]
    }),
}
