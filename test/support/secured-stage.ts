import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { everybody, rulesFor, type Who } from '../../deploy/kafka/acl-table.ts'
import { root } from '../../deploy/local/services.ts'
import { setup } from '../../deploy/local/setup.ts'
import { kafkaConfig, kafkaSettings, readConfig } from '../../services/shared/config.ts'
import { createAcls } from '../../services/shared/kafka/acls.ts'
import { createKafka, type Kafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startKafka } from './kafka.ts'
import { passwordOf, startSecuredBroker, type SecuredBroker } from './secured-broker.ts'
import { startSecuredRegistry, type SecuredRegistry } from './secured-registry.ts'
import { startSecuredSystem, type SecuredSystem, type ServiceName } from './secured-system.ts'

/** A broker and a registry that want a user, and a roomcast of users that may what the table says, and nothing else. */
export type SecuredStage = {
  readonly broker: SecuredBroker
  readonly registry: SecuredRegistry
  readonly system: SecuredSystem
  /** What the rules call somebody at the broker; `{}` stands for the name in the table. */
  readonly principal: string
  /** The user of somebody in the table. */
  readonly userOf: (who: Who) => string
  readonly kafkaOf: (who: Who) => Kafka
  /** Changes the file in which a service finds its password. */
  readonly writePassword: (service: ServiceName, password: string) => Promise<void>
  /** Runs the command as its user; all that it printed. Rejects when its exit code is not 0. */
  readonly deadLetters: (...args: readonly string[]) => Promise<string>
  readonly close: () => Promise<void>
}

const services = ['ingest', 'state-machine', 'mixer', 'edge'] as const satisfies readonly ServiceName[]
const partitions = 2
const log = silentLog
const principal = 'User:roomcast-{}'
const userOf = (who: Who): string => `roomcast-${who}`

/** @param users more of them, who have no rules */
export const openSecuredStage = async (users: readonly string[] = []): Promise<SecuredStage> => {
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    const { registryUrl, stop } = await startKafka()
    closers.push(stop)
    // kafkajs logs in again 10 s before a login runs out: every 2 s here, in the midst of everything.
    const properties = 'connections.max.reauth.ms=12000\n'
    const broker = await startSecuredBroker({ users: [...everybody.map(userOf), ...users], properties })
    closers.push(broker.stop)
    await createAcls({ kafka: broker.admin, rules: rulesFor(everybody, principal) })
    const settingsOf = (who: Who) => kafkaSettings(readConfig(z.object(kafkaConfig), broker.environmentOf(userOf(who))))
    const signal = AbortSignal.timeout(60_000)
    await setup({ kafka: settingsOf('setup'), registryUrl, partitions, replication: 1, log, signal })

    const fileOf = (service: ServiceName): string => join(broker.folder, `${service}.password`)
    const writePassword = (service: ServiceName, password: string) => writeFile(fileOf(service), `${password}\n`)
    for (const service of services) await writePassword(service, passwordOf(userOf(service)))
    const registry = await startSecuredRegistry({
      registryUrl,
      caFile: broker.caFile,
      ...(await broker.issue('localhost')),
    })
    closers.push(registry.stop)
    const system = await startSecuredSystem({
      dataDir: broker.folder,
      environmentOf: (service) => ({
        ...broker.environmentOf(userOf(service)),
        KAFKA_SASL_PASSWORD: '',
        KAFKA_SASL_PASSWORD_FILE: fileOf(service),
        ...registry.environment,
        INGEST_PROBE_MS: '500',
      }),
    })
    closers.push(system.stop)
    return {
      broker,
      registry,
      system,
      principal,
      userOf,
      kafkaOf: (who) => createKafka({ ...settingsOf(who), clientId: `test-${who}`, log }),
      writePassword,
      deadLetters: async (...args) => {
        const env = { ...broker.environmentOf(userOf('dead-letters')), ...registry.environment }
        const command = ['deploy/dead-letters/dead-letters.ts', ...args]
        const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, env, timeout: 30_000 })
        return stdout
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
