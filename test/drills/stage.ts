import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMonitoring, type Monitoring } from '../../deploy/observability/monitoring.ts'
import { startKafkaProxy, type KafkaProxy } from '../support/kafka-proxy.ts'
import { startRestartablePlatform, type RestartablePlatform } from '../support/restartable-platform.ts'
import { startTestSystem, type TestSystem } from '../support/system.ts'
import { startVendorServer, vendorCredentials, type Behaviour } from '../support/vendor-server.ts'
import { layHistory } from './history.ts'
import { startLoad, type Load } from './load.ts'
import { startPager, type Pager } from './pager.ts'

/** A whole system under a low, steady load, watched by Prometheus and Alertmanager with the rules and pauses of production. */
export type Stage = {
  readonly platform: RestartablePlatform
  /** Between the services and the broker. */
  readonly proxy: KafkaProxy
  readonly system: TestSystem
  /** Everything that the services were told. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly load: Load
  readonly monitoring: Monitoring
  readonly pager: Pager
  /** What the video cloud does with each command from now on. */
  readonly cloudAnswers: (behaviour: Behaviour) => void
  /** Ends all processes by their pids and removes the data. */
  readonly stop: () => Promise<void>
}

/** The load is warm before anybody looks: what starts cold is late, and that is no fault. */
const warmSessions = 10
const warmWithinMs = 120_000

/**
 * Starts everything with data and ports of its own; it ends with this process, even when that is killed.
 * @param base the environment to start from; its broker and registry are not used
 */
export const startStage = async ({
  base,
  say,
  signal,
}: {
  readonly base: Readonly<Record<string, string | undefined>>
  readonly say: (what: string) => void
  readonly signal: AbortSignal
}): Promise<Stage> => {
  const closers: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close()
  }
  try {
    const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-drill-'))
    closers.push(() => rm(dataDir, { recursive: true, force: true }))
    const platform = await startRestartablePlatform({ dataDir, signal })
    closers.push(platform.stop)
    const proxy = await startKafkaProxy(platform.brokers)
    closers.push(proxy.close)
    let cloud: Behaviour = { kind: 'carry-out' }
    const vendor = await startVendorServer({ behave: () => cloud })
    closers.push(vendor.close)
    const env = {
      ...base,
      KAFKA_BROKERS: proxy.brokers.join(','),
      SCHEMA_REGISTRY_URL: platform.registryUrl,
      MIXER_ADAPTER: 'aliyun',
      ALIYUN_ENDPOINT: vendor.url,
      ALIYUN_ACCESS_KEY_ID: vendorCredentials.accessKeyId,
      ALIYUN_ACCESS_KEY_SECRET: vendorCredentials.accessKeySecret,
    }
    const system = await startTestSystem({ base: env })
    closers.push(system.stop)
    const load = startLoad(system)
    const loadedAt = performance.now()
    closers.push(load.stop)
    say(`the load runs; waiting for its first ${warmSessions} sessions`)
    await load.mixed(warmSessions, warmWithinMs)
    const { dataDir: systemDir, environment } = system
    const folder = join(systemDir, 'observability')
    await mkdir(folder, { recursive: true })
    const address = (port: string): string => `127.0.0.1:${environment.variables[port]}`
    await layHistory({
      folder,
      instances: { ingest: address('INGEST_ADMIN_PORT'), edge: address('EDGE_ADMIN_PORT') },
      overSeconds: (performance.now() - loadedAt) / 1000,
    })
    const monitoring = await startMonitoring({
      dataDir: systemDir,
      environment,
      ports: { prometheus: 0, alertmanager: 0 },
      signal,
    })
    closers.push(monitoring.stop)
    const pager = await startPager(monitoring)
    closers.push(pager.close)
    return {
      platform,
      proxy,
      system,
      env: { ...env, ...environment.variables },
      load,
      monitoring,
      pager,
      cloudAnswers: (behaviour) => {
        cloud = behaviour
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
