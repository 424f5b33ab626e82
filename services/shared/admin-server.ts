import { createServer } from 'node:http'
import { Fault } from './fault.ts'
import type { Metrics } from './metrics.ts'

/** What a process waits for before it can take work; parts are added by being set. */
export type Readiness = {
  readonly set: (part: string, isReady: boolean) => void
  readonly isReady: () => boolean
  /** The parts that are not ready, in the order in which they were first named. */
  readonly missing: () => readonly string[]
  /** Every part that was named, and whether it is ready. */
  readonly states: () => ReadonlyMap<string, boolean>
}

/** Readiness over these parts, none of them ready yet. */
export const createReadiness = (parts: readonly string[]): Readiness => {
  const states = new Map(parts.map((part) => [part, false]))
  const missing = (): readonly string[] => [...states].filter(([, isReady]) => !isReady).map(([part]) => part)
  return {
    set: (part, isReady) => void states.set(part, isReady),
    isReady: () => missing().length === 0,
    missing,
    states: () => states,
  }
}

export type AdminServer = {
  /** The port it listens on: the one taken when 0 was asked for. */
  readonly port: number
  readonly close: () => Promise<void>
}

/**
 * Serves operators: `GET /metrics` (Prometheus text), `GET /healthz` (200, or 503 when the process should be restarted),
 * `GET /readyz` (200, or 503 with `{ "ready": false, "waitingFor": ["kafka"] }`).
 * Rejects with CONFIG_INVALID, naming the port, when it cannot be had.
 */
export const startAdminServer = async ({
  port,
  host,
  metrics,
  isHealthy,
  readiness,
}: {
  /** 0: any free one. */
  port: number
  /** Default: every address of the machine, as probes come from outside. */
  host?: string
  metrics: Metrics
  isHealthy: () => boolean
  readiness: Readiness
}): Promise<AdminServer> => {
  const answer = async (path: string): Promise<{ status: number; type: string; body: string }> => {
    switch (path) {
      case '/metrics':
        return { status: 200, type: metrics.contentType, body: await metrics.metrics() }
      case '/healthz': {
        const healthy = isHealthy()
        return json(healthy ? 200 : 503, { healthy })
      }
      case '/readyz': {
        const waitingFor = readiness.missing()
        return waitingFor.length === 0 ? json(200, { ready: true }) : json(503, { ready: false, waitingFor })
      }
      default:
        return json(404, { message: 'there is /metrics, /healthz and /readyz' })
    }
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/s, '')
    const asked = request.method === 'GET' ? answer(path) : Promise.resolve(json(405, { message: 'GET only' }))
    void asked
      // A collector of a metric that throws is a defect of ours; the probe is told, not left hanging.
      .catch((error: unknown) => json(500, { message: error instanceof Error ? error.message : 'failed' }))
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body))
  })
  server.requestTimeout = 5_000
  server.headersTimeout = 5_000

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new Fault('CONFIG_INVALID', `the admin server cannot listen on port ${port} (${cause.code ?? 'failed'})`, {
          cause,
        }),
      ),
    )
    server.listen(port, host, resolve)
  })

  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections() // scrapers keep theirs open
      }),
  }
}

const json = (status: number, body: object): { status: number; type: string; body: string } => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
})
