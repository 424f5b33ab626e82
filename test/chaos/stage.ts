import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../deploy/local/ports.ts'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import { createCodec, type Codec } from '../../services/shared/codec/codec.ts'
import { createTopics } from '../../services/shared/kafka/admin.ts'
import { createKafka, type Kafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import type { Rules } from '../../services/state-machine/domain/decide.ts'
import { readStateMachineConfig } from '../../services/state-machine/config.ts'
import { createRules } from '../../services/state-machine/rules.ts'
import { startCallbackServer, type Callback } from '../support/callback-server.ts'
import { startRestartablePlatform, type RestartablePlatform } from '../support/restartable-platform.ts'
import { createServiceProcess, type ServiceProcess } from '../support/service-process.ts'
import type { Event, Pace } from './script.ts'

/** Everything that runs while load and disturbances do: a platform, two state-machines in one group, a mixer. */
export type Stage = {
  readonly platform: RestartablePlatform
  readonly kafka: Kafka
  /** Prepared for room.input. */
  readonly codec: Codec
  readonly partitions: number
  readonly rules: Rules
  readonly pace: Pace
  readonly stateMachines: readonly [ServiceProcess, ServiceProcess]
  readonly mixer: ServiceProcess
  /** Ends all processes by their pids and removes the data. */
  readonly stop: () => Promise<void>
}

const partitions = 12
const setupWithinMs = 60_000

/** Short enough that deadlines pass during every outage. */
const durations = { STREAM_GRACE_MS: '3000', INVITE_TTL_MS: '2500', MIX_TIMEOUT_MS: '2500' }

/** Anything, as long as the rules of the checker have the same. */
const mediaKey = { MEDIA_AUTH_KEY: 'the key of a push address' }

/** A cloud with which something is always wrong. What it refuses as InternalError, or never answers, takes until the deadline. */
const cloudFailures = {
  MIXER_SIMULATED_FAIL: [
    'start:InvalidArgument@0.03',
    'start:InternalError@0.03',
    'start:NoAnswer@0.03',
    'stop:InternalError@0.03',
    'stop:NoAnswer@0.03',
    'status:MainStreamNotExist@0.05',
    'status:MixStreamNotExist@0.05',
    'status:InternalError@0.05',
  ].join(','),
}

const eventOf = ({ path, query }: Callback): Event | undefined => {
  const text = (name: string): string => query[name] ?? ''
  const eventId = createHash('sha256').update(JSON.stringify(query)).digest('hex').slice(0, 32)
  if (path === '/ali/mix/availability/notify') {
    const cloudTime = Number(text('time')) * 1_000
    return { type: 'MixAvailabilityNotified', record: { eventId, roomId: text('Stream'), cloudTime } }
  }
  if (path !== '/ali/mix/status/notify') return undefined
  return {
    type: 'MixStatusNotified',
    record: {
      eventId,
      roomId: text('MainMixStream'),
      mixRoomId: text('MixStream'),
      mixType: text('MixType'),
      mixTemplate: text('MixTemplate'),
      event: text('Event'),
      code: text('Code'),
      message: text('Message'),
    },
  }
}

/**
 * Starts a platform of its own and the processes on free ports, and resolves when all are ready. They end with this process, even when
 * it is killed.
 * @param onCallback takes what the simulated video cloud reports
 */
export const startStage = async ({
  onCallback,
  brokers: brokerCount,
  signal,
}: {
  readonly onCallback: (event: Event) => Promise<void>
  readonly brokers: number
  readonly signal: AbortSignal
}): Promise<Stage> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-chaos-'))
  const closers: (() => Promise<unknown>)[] = [() => rm(dataDir, { recursive: true, force: true })]
  const stop = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close()
  }
  try {
    const platform = await startRestartablePlatform({ dataDir, brokers: brokerCount, signal })
    closers.push(platform.stop)
    const { brokers, registryUrl } = platform
    const kafka = createKafka({ brokers, clientId: 'roomcast-chaos', log: silentLog })
    const within = AbortSignal.any([signal, AbortSignal.timeout(setupWithinMs)])
    await createWholeStates(kafka, brokerCount, within)
    const settings = { kafka: { brokers, ssl: false, sasl: null }, registryUrl, partitions, replication: brokerCount }
    await setup({ ...settings, log: silentLog, signal: within })
    const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
    await codec.prepare(topics.roomInput, within)

    const callbacks = await startCallbackServer({
      answer: async (_, callback) => {
        const event = eventOf(callback)
        if (event !== undefined) await onCallback(event)
        return 200
      },
    })
    closers.push(callbacks.close)

    const env = {
      ...process.env,
      ...durations,
      ...mediaKey,
      ...cloudFailures,
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      INGEST_URL: callbacks.url,
      ALLOW_INSECURE_LOCAL: '1',
      LOG_LEVEL: 'info',
      DATA_DIR: dataDir,
    }
    const ports = new Set<number>()
    const create = async (service: string, name: string): Promise<ServiceProcess> => {
      const adminPort = await findFreePort(ports)
      ports.add(adminPort)
      const created = createServiceProcess({ dataDir, service, name, adminPort, env })
      closers.push(created.stop)
      return created
    }
    const stateMachines = [
      await create('state-machine', 'state-machine-a'),
      await create('state-machine', 'state-machine-b'),
    ] as const
    const mixer = await create('mixer', 'mixer')
    await Promise.all([...stateMachines, mixer].map((one) => one.start()))
    await Promise.all([...stateMachines, mixer].map((one) => one.ready()))
    const config = readStateMachineConfig(env)
    const { graceMs, inviteTtlMs } = config
    const rules = createRules(config)
    const pace = { graceMs, inviteTtlMs }
    return { platform, kafka, codec, partitions, rules, pace, stateMachines, mixer, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The checker wants every state that was written; compaction would leave the last ones. */
const createWholeStates = (kafka: Kafka, replication: number, signal: AbortSignal): Promise<void> => {
  const { name, config } = topics.roomState
  const whole = { ...config, 'min.cleanable.dirty.ratio': '1', 'segment.ms': String(24 * 3_600_000) }
  return createTopics({ kafka, topics: [{ name, partitions, replication, config: whole }], signal })
}
