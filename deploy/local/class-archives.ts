import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { awaitBroker, startBroker } from './broker.ts'
import { brokerName, obtainClusterId } from './cluster.ts'
import { explain } from './error.ts'
import { isPresent } from './files.ts'
import { publish, removeDrafts, type Jars } from './jars.ts'
import { makeOnce } from './make-once.ts'
import type { Say } from './say.ts'
import { findFreePort } from './ports.ts'
import { stopProcess } from './processes.ts'
import { awaitRegistry, registryName, registryUrlOf, startRegistry } from './registry.ts'

/** JVM options that start a program from its archive of loaded classes; empty where there is none. */
export type Archives = { readonly kafka: readonly string[]; readonly registry: readonly string[] }

/** Writing an archive takes some seconds at the end, more on a busy machine. */
const writtenWithinMs = 90_000

/** Lets both programs start once, on data of their own, and write at their end which classes they had loaded. */
const writeArchives = async (folder: string, jars: Jars, signal?: AbortSignal): Promise<void> => {
  const dataDir = join(folder, 'data')
  const writeTo = (name: string): readonly string[] => [`-XX:ArchiveClassesAtExit=${join(folder, `${name}.jsa`)}`]
  const port = await findFreePort()
  const controllerPort = await findFreePort(new Set([port]))
  const registryPort = await findFreePort(new Set([port, controllerPort]))
  const stop = async (name: string): Promise<void> => {
    const how = await stopProcess({ dataDir, name, graceMs: signal?.aborted === true ? 0 : writtenWithinMs })
    if (how !== 'stopped') throw new Error(`${name} was ${how}`)
  }
  const runBroker = async (): Promise<void> => {
    const { kafkaDir } = jars
    const node = { id: 1, port, controllerPort }
    const clusterId = await obtainClusterId(dataDir, 1)
    const jvm = writeTo('kafka')
    const started = await startBroker({ dataDir, kafkaDir, node, nodes: [node], clusterId, jvm, signal })
    try {
      await awaitBroker({ dataDir, started, node, running: [node.id], signal })
    } finally {
      await stop(brokerName)
    }
  }
  const runRegistry = async (): Promise<void> => {
    const { registryDir } = jars
    const started = await startRegistry({ dataDir, registryDir, port: registryPort, jvm: writeTo('registry') })
    try {
      await awaitRegistry({ dataDir, started, registryUrl: registryUrlOf(registryPort), signal })
    } finally {
      await stop(registryName)
    }
  }
  const runs = await Promise.allSettled([runBroker(), runRegistry()])
  await rm(dataDir, { recursive: true, force: true })
  for (const each of runs) if (each.status === 'rejected') throw each.reason
}

/**
 * The archives of broker and registry for this very Java and these very jars, made at first use: they halve what a start costs
 * (JEP 350). They are a convenience: without them, or when the JVM does not like them, everything works, only slower.
 */
export const obtainArchives = async (jars: Jars, say: Say, signal?: AbortSignal): Promise<Archives> => {
  const { cacheDir, java, kafkaDir, registryDir } = jars
  // The JVM refuses an archive of another version, or of jars elsewhere: such a one gets another name here.
  const id = createHash('sha256').update([java, kafkaDir, registryDir].join('\n')).digest('hex').slice(0, 12)
  const folder = join(cacheDir, `classes-${id}`)
  await makeOnce(folder, async () => {
    await removeDrafts(cacheDir)
    const draft = join(cacheDir, `.new-${process.pid}-classes`)
    say('preparing faster starts, once …')
    try {
      await mkdir(draft)
      await writeArchives(draft, jars, signal)
      await publish(draft, folder)
    } catch (error) {
      signal?.throwIfAborted()
      say(`that failed (${explain(error)}); starts will take some seconds longer`)
      // An empty folder: not tried again.
      await mkdir(folder, { recursive: true })
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  })
  const optionsFor = async (name: string): Promise<readonly string[]> => {
    const archive = join(folder, `${name}.jsa`)
    return (await isPresent(archive)) ? [`-XX:SharedArchiveFile=${archive}`] : []
  }
  return { kafka: await optionsFor('kafka'), registry: await optionsFor('registry') }
}
