import { explain, PlatformError } from '../../deploy/local/error.ts'
import { engineFolder, findEngine } from './run-engine.ts'

/** Where testcontainers finds an engine, which is on this machine, and what it is told. */
const variables = async (): Promise<Readonly<Record<string, string>>> => {
  const own = process.env['DOCKER_HOST'] === undefined ? await findEngine(engineFolder) : undefined
  return {
    ...(own === undefined ? {} : { DOCKER_HOST: own.dockerHost }),
    // Where ports are published; in what looks like a container it would take the address of the engine's bridge.
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
    // Its own remover of containers is one more image, and wants the engine's socket; guard.ts does the same from outside.
    TESTCONTAINERS_RYUK_DISABLED: 'true',
  }
}

/**
 * The module testcontainers with an engine that answers: DOCKER_HOST's, or the one of this checkout, or that of the machine.
 * Throws a PlatformError that says what to do where none does.
 */
export const loadTestcontainers = async () => {
  // It reads the environment when it is used, and cannot be told otherwise.
  Object.assign(process.env, await variables())
  const testcontainers = await import('testcontainers')
  try {
    return { ...testcontainers, client: await testcontainers.getContainerRuntimeClient() }
  } catch (error) {
    throw new PlatformError(
      `no container engine answers (${explain(error)}): node test/containers/engine.ts up starts one, or set DOCKER_HOST`,
      { cause: error },
    )
  }
}
