import { randomUUID } from 'node:crypto'
import { PlatformError } from '../../deploy/local/error.ts'
import { root } from '../../deploy/local/services.ts'
import { createDocker, type Docker } from './docker.ts'
import { standIns } from './make-images.ts'
import { engineFolder, findEngine, findMachineEngine } from './run-engine.ts'

/** An engine that answers and has the bases of our image. */
export type Engine = { readonly docker: Docker }

/** The engine that DOCKER_HOST names, or this checkout's own; `missing` says what to do where there is none. */
export const findImageEngine = async (
  env: Readonly<Record<string, string | undefined>>,
): Promise<Engine | { readonly missing: string }> => {
  const host = env['DOCKER_HOST'] ?? ((await findEngine(engineFolder)) ?? (await findMachineEngine()))?.dockerHost
  if (host === undefined) return { missing: 'no Docker engine: node test/containers/engine.ts up, or set DOCKER_HOST' }
  const docker = createDocker(host)
  try {
    await docker(['image', 'inspect', ...Object.values(standIns)])
    return { docker }
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    return { missing: `the engine at ${host} does not answer or lacks base images: ${error.message}` }
  }
}

/** Builds deploy/Dockerfile as it is, and returns the image's tag. Its network is the machine's, as the engine made here has no other. */
export const buildImage = async (docker: Docker): Promise<string> => {
  const tag = 'roomcast:test'
  const file = ['--file', 'deploy/Dockerfile']
  await docker(['build', '--network', 'host', '--pull=false', '--force-rm', '--tag', tag, ...file, '.'], { cwd: root })
  return tag
}

/** A network with containers that find each other by name; everything in it goes with it. */
export type Stage = {
  /** Starts a container in the background. */
  readonly start: (
    name: string,
    options: readonly string[],
    image: string,
    command?: readonly string[],
  ) => Promise<void>
  /** Runs a container to its end, and returns what it printed; rejects when its exit code is not 0. */
  readonly run: (options: readonly string[], image: string, command: readonly string[]) => Promise<string>
  /** Runs a command in a container. */
  readonly exec: (name: string, command: readonly string[]) => Promise<string>
  /** A field of `docker inspect`, by Go template. */
  readonly inspect: (name: string, format: string) => Promise<string>
  readonly logs: (name: string) => Promise<string>
  /** Where a port that was published is reached from here: host and port. */
  readonly addressOf: (name: string, port: number) => Promise<string>
  /** SIGTERM, and SIGKILL after the time that it may take. Resolves to the exit code. */
  readonly stop: (name: string, graceSeconds: number) => Promise<number>
  /** Starts a container that has ended. */
  readonly startAgain: (name: string) => Promise<void>
  readonly remove: () => Promise<void>
}

export const createStage = async (docker: Docker): Promise<Stage> => {
  const stage = `roomcast-${randomUUID().slice(0, 8)}`
  const label = `roomcast.stage=${stage}`
  await docker(['network', 'create', '--label', label, stage])
  const nameOf = (name: string): string => `${stage}-${name}`
  return {
    start: async (name, options, image, command = []) => {
      const named = ['--name', nameOf(name), '--hostname', name, '--network-alias', name]
      await docker(['run', '--detach', ...named, '--label', label, '--network', stage, ...options, image, ...command])
    },
    run: (options, image, command) =>
      docker(['run', '--rm', '--label', label, '--network', stage, ...options, image, ...command]),
    exec: (name, command) => docker(['exec', nameOf(name), ...command]),
    inspect: async (name, format) => (await docker(['inspect', '--format', format, nameOf(name)])).trim(),
    logs: (name) => docker(['logs', nameOf(name)]),
    addressOf: async (name, port) => (await docker(['port', nameOf(name), String(port)])).trim(),
    stop: async (name, graceSeconds) => {
      await docker(['stop', '--time', String(graceSeconds), nameOf(name)])
      return Number(await docker(['inspect', '--format', '{{.State.ExitCode}}', nameOf(name)]))
    },
    startAgain: async (name) => {
      await docker(['start', nameOf(name)])
    },
    remove: async () => {
      const ids = (await docker(['ps', '--all', '--quiet', '--filter', `label=${label}`])).split('\n').filter(Boolean)
      if (ids.length > 0) await docker(['rm', '--force', '--volumes', ...ids])
      await docker(['network', 'rm', stage])
    },
  }
}

/** How ours are run: unable to write, without any capability, without a way to new ones. */
export const hardened: readonly string[] = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges:true']

const kafkaSettings = {
  KAFKA_NODE_ID: '1',
  KAFKA_PROCESS_ROLES: 'broker,controller',
  KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:29093',
  KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://localhost:29093',
  KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://kafka:9092',
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_HEAP_OPTS: '-Xmx256m',
}

/** Options of `docker run` that publish a port at any free one of this machine. */
export const publishing = (port: number): readonly string[] => ['--publish', `127.0.0.1::${port}`]

/** Options of `docker run` that set variables. */
export const setting = (variables: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`])

/** A broker at kafka:9092 and a registry, and what the services are told of them. Topics are created as soon as the broker answers. */
export const startPlatformContainers = async (
  stage: Stage,
  image: string,
): Promise<Readonly<Record<string, string>>> => {
  const told = { KAFKA_BROKERS: 'kafka:9092', SCHEMA_REGISTRY_URL: 'http://registry:8080/apis/ccompat/v7' }
  await Promise.all([
    stage.start('kafka', setting(kafkaSettings), standIns.kafka),
    stage.start(
      'registry',
      setting({ APICURIO_STORAGE_KIND: 'sql', APICURIO_STORAGE_SQL_KIND: 'h2', JAVA_OPTS_APPEND: '-Xmx192m' }),
      standIns.registry,
    ),
  ])
  await stage.run([...hardened, ...setting(told)], image, ['setup'])
  return told
}
