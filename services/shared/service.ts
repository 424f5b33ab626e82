import { createReadiness, startAdminServer, type Readiness } from './admin-server.ts'
import { watchRegistry } from './codec/registry-watch.ts'
import { Lifecycle } from './lifecycle.ts'
import { createLog, type Log, type LogLevel } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createReadyMetrics } from './ready-metrics.ts'
import type { TracingSettings } from './tracing/config.ts'
import { startTracing } from './tracing/start.ts'
import type { Tracing } from './tracing/tracing.ts'

/** What every service's configuration has. */
export type ServiceConfig = {
  readonly logLevel: LogLevel
  /** 0: any free one. */
  readonly adminPort: number
  /** Null or undefined: nothing is traced. */
  readonly tracing?: TracingSettings | null
  /** Asked whether it answers, for the metrics; undefined: nothing is asked. */
  readonly registryUrl?: string
}

const askRegistryEveryMs = 15_000

/** Within this a service has stopped after SIGTERM, unless it says otherwise. */
export const defaultCloseDeadlineMs = 10_000

export type ServiceContext<Config extends ServiceConfig> = {
  readonly config: Config
  readonly log: Log
  readonly metrics: Metrics
  readonly tracing: Tracing
  /** `/readyz` is 200 once `start` has returned and every part that was set is true. */
  readonly readiness: Readiness
  /** Register closers as parts start; they run in reverse order at the end. Its signal aborts as soon as stopping begins. */
  readonly lifecycle: Lifecycle
  /** Closes and ends the process with exit code 1: for faults that cannot be repaired from inside. Returns at once. */
  readonly fail: (error: unknown) => void
}

/**
 * Runs a service until SIGTERM or SIGINT, then closes what it started within `closeDeadlineMs`; the exit code is 0.
 * The whole of a service's main.ts:
 *
 *     await runService({ name: 'ingest', config: () => readIngestConfig(process.env), start })
 *
 * A configuration or a start that fails is logged, what had started is closed, and the exit code is 1; so it is after
 * `fail`, an error that nobody caught, or a close that failed or took too long. Resolves when the service is up or gone.
 */
export const runService = async <Config extends ServiceConfig>({
  name,
  config: readConfig,
  start,
  closeDeadlineMs = defaultCloseDeadlineMs,
}: {
  name: string
  /** Called once; a fault that it throws is logged like one of `start`. */
  config: () => Config
  start: (context: ServiceContext<Config>) => Promise<void>
  closeDeadlineMs?: number
}): Promise<void> => {
  let config: Config
  try {
    config = readConfig()
  } catch (error) {
    createLog({ service: name, level: 'info' }).error({ err: error }, 'cannot start')
    process.exitCode = 1
    return
  }

  const log = createLog({ service: name, level: config.logLevel })
  const metrics = createMetrics({ service: name })
  const readiness = createReadiness(['start'])
  createReadyMetrics(metrics, readiness)
  const lifecycle = new Lifecycle()
  const started = Promise.withResolvers<void>()
  let stopping = false
  let failed = false

  const close = async (): Promise<void> => {
    readiness.set('shutdown', false)
    lifecycle.abort()
    await started.promise // what is half started registers its closers or gives up on the signal
    await lifecycle.close()
  }

  const stop = (exitCode: number): void => {
    if (exitCode !== 0) failed = true
    if (stopping) return
    stopping = true
    // The process ends by itself once everything is closed. What it still holds at the deadline is named, and cut off.
    setTimeout(() => {
      log.error({ open: process.getActiveResourcesInfo(), closeDeadlineMs }, 'not closed in time')
      process.exit(1)
    }, closeDeadlineMs).unref()
    void close()
      .catch((error: unknown) => {
        failed = true
        log.error({ err: error }, 'not closed cleanly')
      })
      .then(() => {
        log.info({ exitCode: failed ? 1 : 0 }, 'stopped')
        process.exitCode = failed ? 1 : 0
      })
  }

  const fail = (error: unknown): void => {
    log.error({ err: error }, 'failed')
    stop(1)
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // A terminal's Ctrl-C and the supervisor's SIGTERM may both come; the second changes nothing.
    process.on(signal, () => {
      if (!stopping) log.info({ signal }, 'stopping')
      stop(0)
    })
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)

  try {
    const admin = await startAdminServer({ port: config.adminPort, metrics, isHealthy: () => !failed, readiness })
    lifecycle.onClose(admin.close)
    log.info({ adminPort: admin.port }, 'admin server listens')
    const { registryUrl } = config
    if (registryUrl !== undefined) {
      const { signal } = lifecycle
      const watching = watchRegistry({ registryUrl, everyMs: askRegistryEveryMs, metrics, signal })
      lifecycle.onClose(() => watching)
    }
    const { tracing, close: closeTracing } = await startTracing({
      settings: config.tracing ?? null,
      service: name,
      metrics,
      log,
    })
    lifecycle.onClose(closeTracing)
    await start({ config, log, metrics, tracing, readiness, lifecycle, fail })
    readiness.set('start', true)
    log.info({}, 'started')
  } catch (error) {
    if (!stopping) {
      log.error({ err: error }, 'cannot start')
      stop(1)
    }
  } finally {
    started.resolve()
  }
}
