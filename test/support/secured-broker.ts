import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { obtainArchives } from '../../deploy/local/class-archives.ts'
import { fetchJars } from '../../deploy/local/jars.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import { findFreePort } from '../../deploy/local/ports.ts'
import { logFile, startProcess, stopProcess } from '../../deploy/local/processes.ts'
import { root } from '../../deploy/local/services.ts'
import { createKafka, type Kafka } from '../../services/shared/kafka/client.ts'
import { fetchClusterId } from '../../services/shared/kafka/admin.ts'
import { silentLog } from '../../services/shared/log.ts'

export type SecuredBroker = {
  /** Takes SASL over TLS alone: `localhost:port`. */
  readonly saslAddress: string
  /** Takes TLS with a client's certificate alone. */
  readonly tlsAddress: string
  /** Certificates are in it: `ca.crt`, and those that `issue` makes. */
  readonly folder: string
  readonly caFile: string
  /** The broker's superuser, by SCRAM-SHA-512. */
  readonly admin: Kafka
  /** The environment of a service that is this user. */
  readonly environmentOf: (username: string) => Readonly<Record<string, string>>
  /** Makes `<name>.crt` and `<name>.key`, signed by the broker's authority. */
  readonly issue: (name: string) => Promise<{ readonly certFile: string; readonly keyFile: string }>
  readonly readLog: () => Promise<string>
  /** Ends it and removes its data. */
  readonly stop: () => Promise<void>
}

const example = join(root, 'deploy/kafka/example')
const processName = 'secured-kafka'
const readyWithinMs = 60_000
const graceMs = 15_000

/** What a test wants otherwise than production: small internal topics, no waits, and every decision of the authorizer in the log. */
const forTests = `
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
log.cleaner.dedupe.buffer.size=16777216
controlled.shutdown.enable=false
super.users=User:CN=broker;User:admin
`
const authorizerLog = `
logger.authorizer.name=kafka.authorizer.logger
logger.authorizer.level=debug
`

/** The password of a user of these tests. */
export const passwordOf = (username: string): string => `${username}-secret`

const run = promisify(execFile)

/**
 * A broker of its own as `deploy/kafka/example/server.properties` describes it: TLS and SASL, the StandardAuthorizer, nothing allowed
 * without an ACL. It ends with this process, even when that is killed.
 * @param users can log in by SCRAM, both kinds; `plain` can by PLAIN. Their passwords: `passwordOf`
 * @param properties lines to add to the example
 */
export const startSecuredBroker = async ({
  users,
  properties = '',
}: {
  readonly users: readonly string[]
  readonly properties?: string
}): Promise<SecuredBroker> => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-secured-'))
  const owner = createOwner()
  const stop = async (): Promise<void> => {
    await stopProcess({ dataDir: folder, name: processName, graceMs })
    owner.release()
    await rm(folder, { recursive: true, force: true })
  }
  const certificates = (...args: readonly string[]) => run(join(example, 'certificates.sh'), [folder, ...args])
  try {
    const jars = await fetchJars({ say: () => {} })
    const archives = await obtainArchives(jars, () => {})
    const classes = (await readdir(jars.kafkaDir)).filter((name) => name.endsWith('.jar')).toSorted()
    const ports: number[] = []
    for (let needed = 3; needed > 0; needed -= 1) ports.push(await findFreePort(new Set(ports)))
    const [sasl = 0, tls = 0, controller = 0] = ports
    await certificates('broker', 'localhost')
    const text = (await readFile(join(example, 'server.properties'), 'utf8'))
      .replaceAll('SECURED', folder)
      .replaceAll('PLAIN_PASSWORD', passwordOf('plain'))
      .replaceAll('9093', String(sasl))
      .replaceAll('9094', String(tls))
      .replaceAll('9095', String(controller))
    await writeFile(join(folder, 'server.properties'), text + forTests + properties)
    const logging = await readFile(join(root, 'deploy/local/log4j2.properties'), 'utf8')
    await writeFile(join(folder, 'log4j2.properties'), logging + authorizerLog)
    const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    const path = ['-cp', classes.map((name) => join(jars.kafkaDir, name)).join(':')]
    const config = join(folder, 'server.properties')
    const scram = ['admin', ...users].flatMap((name) =>
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${name},password=${passwordOf(name)}]`,
      ]),
    )
    const id = `r${randomBytes(16).toString('base64url').slice(1, 22)}`
    const format = ['kafka.tools.StorageTool', 'format', '-t', id, '-c', config, ...scram]
    await run('java', ['-Xmx128m', ...java, ...path, ...format])
    await startProcess({
      dataDir: folder,
      name: processName,
      command: [
        'java',
        '-Xmx256m',
        ...archives.kafka,
        ...java,
        `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
        ...path,
        'kafka.Kafka',
        config,
      ],
      ports: { KAFKA_PORT: sasl },
      onStart: owner.add,
    })
    const saslAddress = `localhost:${sasl}`
    const caFile = join(folder, 'ca.crt')
    const admin = createKafka({
      brokers: [saslAddress],
      clientId: 'roomcast-test',
      ssl: { caFile },
      sasl: { mechanism: 'scram-sha-512', username: 'admin', password: passwordOf('admin') },
      log: silentLog,
    })
    await fetchClusterId({ kafka: admin, deadlineMs: readyWithinMs })
    return {
      saslAddress,
      tlsAddress: `localhost:${tls}`,
      folder,
      caFile,
      admin,
      environmentOf: (username) => ({
        KAFKA_BROKERS: saslAddress,
        KAFKA_SSL: '1',
        KAFKA_SSL_CA_FILE: caFile,
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_SASL_USERNAME: username,
        KAFKA_SASL_PASSWORD: passwordOf(username),
      }),
      issue: async (name) => {
        await certificates(name)
        return { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) }
      },
      readLog: () => readFile(logFile(folder, processName), 'utf8'),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
