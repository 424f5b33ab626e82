import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../deploy/local/ports.ts'
import { jwtSecret } from './edge-stage.ts'
import type { TestKafka } from './kafka.ts'
import { createServiceProcess, type ServiceProcess } from './service-process.ts'

/** An edge in a process of its own, always at the same address. */
export type EdgeProcess = ServiceProcess & { readonly url: string }

export type EdgeProcesses = {
  readonly edges: readonly EdgeProcess[]
  /** Ends them by their pids and removes their logs. */
  readonly stop: () => Promise<void>
}

/**
 * Starts an edge for each name, on free ports, and resolves when all are ready. They end with this process, even when it is killed.
 * @param env what they are told besides broker, registry, ports and the key of `jwtSecret`
 */
export const startEdgeProcesses = async ({
  kafka: { brokers, registryUrl },
  names,
  env = {},
}: {
  readonly kafka: Pick<TestKafka, 'brokers' | 'registryUrl'>
  readonly names: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}): Promise<EdgeProcesses> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-edges-'))
  const edges: EdgeProcess[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(edges.map((edge) => edge.stop()))
    await rm(dataDir, { recursive: true, force: true })
  }
  const ports = new Set<number>()
  const choosePort = async (): Promise<number> => {
    const port = await findFreePort(ports)
    ports.add(port)
    return port
  }
  try {
    for (const name of names) {
      const [port, adminPort] = [await choosePort(), await choosePort()]
      const settings = {
        ...process.env,
        KAFKA_BROKERS: brokers.join(','),
        SCHEMA_REGISTRY_URL: registryUrl,
        EDGE_JWT_SECRET: jwtSecret,
        EDGE_PORT: String(port),
        DATA_DIR: dataDir,
        ...env,
      }
      const created = createServiceProcess({ dataDir, service: 'edge', name, adminPort, env: settings })
      edges.push({ ...created, url: `ws://127.0.0.1:${port}/v1/ws` })
    }
    await Promise.all(edges.map((edge) => edge.start()))
    await Promise.all(edges.map((edge) => edge.ready()))
  } catch (error) {
    await stop()
    throw error
  }
  return { edges, stop }
}
