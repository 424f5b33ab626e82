import { explain } from '../../deploy/local/error.ts'
import { withLock } from '../../deploy/local/lock.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import type { Say } from '../../deploy/local/say.ts'
import { findHindrance } from './engine-programs.ts'
import { makeImages } from './make-images.ts'
import { engineFolder, findEngine, findMachineEngine, startEngine, stopEngine } from './run-engine.ts'

/** Whether an engine that is not of this checkout was given, or runs on the machine: it is taken as it is. */
const isForeign = async (): Promise<boolean> =>
  Boolean(process.env['DOCKER_HOST']) ||
  ((await findEngine(engineFolder)) === undefined && (await findMachineEngine()) !== undefined)

/**
 * For a run of tests: where no engine runs and one can, starts the engine of this checkout, and makes the images that are missing, which
 * takes about a minute the first time. What it has started ends by the function that it resolves to, at the signal, or with this process,
 * even by SIGKILL. Where no engine can be had the run goes on: the tests that want one say what is missing.
 */
export const startEngineOfRun = async ({
  say,
  signal,
}: {
  readonly say: Say
  readonly signal: AbortSignal
}): Promise<() => Promise<void>> => {
  if ((await isForeign()) || (await findHindrance('images')) !== undefined) return async () => {}
  const owner = createOwner()
  let isOurs = false
  let stopping: Promise<void> | undefined
  /** The signal and a failure may both come: they wait for the same. */
  const stop = (): Promise<void> => {
    stopping ??= (isOurs ? stopEngine(engineFolder) : Promise.resolve(false)).then(() => owner.release())
    return stopping
  }
  const own = (pid: number): void => {
    isOurs = true
    owner.add(pid)
  }
  /** What is being built then fails, and ends. Later the run itself unwinds, and its containers go before their engine. */
  const onAbort = (): void => void stop().catch((error: unknown) => say(`the engine did not end: ${explain(error)}`))
  const start = async (): Promise<void> => {
    const { dockerHost } = await startEngine({ folder: engineFolder, say, signal, onStart: own })
    signal.throwIfAborted()
    signal.addEventListener('abort', onAbort)
    try {
      await makeImages({ dockerHost, say })
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
  try {
    await withLock({ dataDir: engineFolder, command: 'test', say, signal }, start)
  } catch (error) {
    say(`no container engine for the tests: ${explain(error)}`)
    await stop()
  }
  return stop
}
