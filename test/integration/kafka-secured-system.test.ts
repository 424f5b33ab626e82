// deadline: 200 s
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { z } from 'zod'
import { everybody, rulesFor } from '../../deploy/kafka/acl-table.ts'
import { findFreePort } from '../../deploy/local/ports.ts'
import { logFile } from '../../deploy/local/processes.ts'
import { root, services } from '../../deploy/local/services.ts'
import { setup } from '../../deploy/local/setup.ts'
import {
  kafkaConfig,
  kafkaSettings,
  readConfig,
  registryAddress,
  registryConfig,
} from '../../services/shared/config.ts'
import { createAcls } from '../../services/shared/kafka/acls.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'
import { passwordOf, startSecuredBroker, type SecuredBroker } from '../support/secured-broker.ts'
import { startSecuredRegistry, type SecuredRegistry } from '../support/secured-registry.ts'
import { createServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

/** The others wait, unready, for as long as it takes. */
const endThemselves = ['state-machine', 'edge']

type Env = Readonly<Record<string, string | undefined>>

const user = 'roomcast'
const partitions = 2
let behind: TestKafka
let broker: SecuredBroker
let registry: SecuredRegistry
const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-secured-system-'))

before(async () => {
  behind = await startKafka()
  broker = await startSecuredBroker({ users: [user] })
  await createAcls({ kafka: broker.admin, rules: rulesFor(everybody, `User:${user}`) })
  const { caFile } = broker
  registry = await startSecuredRegistry({ ...behind, caFile, ...(await broker.issue('localhost')) })
  const kafka = kafkaSettings(readConfig(z.object(kafkaConfig), broker.environmentOf(user)))
  const signal = AbortSignal.timeout(60_000)
  await setup({ kafka, registryUrl: behind.registryUrl, partitions, replication: 1, log: silentLog, signal })
})
after(async () => {
  await make('down', { DATA_DIR: dataDir })
  await registry?.stop()
  await broker?.stop()
  await behind?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** Runs a target with no more of an environment than this; resolves with its exit code and all that it printed. */
const make = (target: string, env: Env): Promise<{ readonly code: unknown; readonly out: string }> =>
  new Promise((resolve) => {
    const { PATH, HOME } = process.env
    const options = { cwd: root, env: { PATH, HOME, ...env }, timeout: 90_000 }
    execFile('make', [target], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, out: stdout + stderr }),
    )
  })

const secrets = (): readonly string[] => {
  const password = registry.environment['SCHEMA_REGISTRY_PASSWORD'] ?? ''
  return [passwordOf(user), password, encodeURIComponent(password)]
}
const assertNoSecret = (where: string, text: string): void => {
  for (const secret of secrets()) assert.ok(!text.includes(secret), `${where} has ${secret}`)
}

test('a service that is started with a wrong password names the setting; it ends, or waits unready and can be stopped', async () => {
  const wrong = 'a-wrong-password'
  const { PATH } = process.env
  const env = {
    PATH,
    ...broker.environmentOf(user),
    ...registry.environment,
    KAFKA_SASL_PASSWORD: wrong,
    ALLOW_INSECURE_LOCAL: '1',
    INGEST_PORT: '0',
    EDGE_PORT: '0',
    INGEST_URL: 'http://127.0.0.1:9',
  }
  const taken = new Set<number>()
  const look = async (service: string): Promise<string> => {
    const adminPort = await findFreePort(taken)
    taken.add(adminPort)
    const started = createServiceProcess({ dataDir: broker.folder, service, name: service, adminPort, env })
    const readLog = (): Promise<string> => readFile(logFile(broker.folder, service), 'utf8')
    try {
      await started.start()
      await until(
        `${service} says what to look at`,
        async () => (await readLog()).includes('look at KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD'),
        30_000,
      )
      if (endThemselves.includes(service))
        await until(`${service} ends`, async () => !(await started.isRunning()), 30_000)
      else assert.equal((await fetch(`${started.adminUrl}/readyz`)).status, 503)
    } finally {
      await started.stop()
    }
    const log = await readLog()
    assertNoSecret(`the log of ${service}`, log)
    assert.ok(!log.includes(wrong), service)
    return `${service}: ${await started.ended()}`
  }
  const ends = await Promise.all(services.map(({ name }) => look(name)))
  assert.deepEqual(ends, [
    'ingest: exit code 0',
    'state-machine: exit code 1',
    'mixer: exit code 0',
    'edge: exit code 1',
  ])
})

test('with brokers and a registry that want a password, make up starts everything and writes no password down', async () => {
  const ports = services.flatMap((service) => Object.keys(service.ports))
  const own = { DATA_DIR: dataDir, TOPIC_PARTITIONS: String(partitions) }
  const kafka = broker.environmentOf(user)
  const { NODE_EXTRA_CA_CERTS } = registry.environment
  const SCHEMA_REGISTRY_URL = registryAddress(readConfig(z.object(registryConfig), registry.environment))
  const anyPorts = Object.fromEntries(ports.map((name) => [name, '0']))
  const up = await make('up', { ...own, ...anyPorts, ...kafka, SCHEMA_REGISTRY_URL, NODE_EXTRA_CA_CERTS })
  assert.equal(up.code, 0, up.out)
  assertNoSecret('what make up printed', up.out)
  assertNoSecret('the list of processes', (await promisify(execFile)('ps', ['-eo', 'args'])).stdout)
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile()) assertNoSecret(file, await readFile(file, 'latin1'))
  }

  // Who needs no password finds what he needs; who needs one says which, one after the other.
  const demo = await make('demo', own)
  assert.equal(demo.code, 0, demo.out)
  const { KAFKA_SASL_PASSWORD } = kafka
  const { SCHEMA_REGISTRY_PASSWORD } = registry.environment
  const steps: readonly (readonly [Env, RegExp])[] = [
    [own, /KAFKA_SASL_PASSWORD is missing .* not written down/],
    [{ ...own, KAFKA_SASL_PASSWORD }, /SCHEMA_REGISTRY_PASSWORD is missing .* not written down/],
    [{ ...own, KAFKA_SASL_PASSWORD, SCHEMA_REGISTRY_PASSWORD }, /no dead letters/],
  ]
  for (const [env, expected] of steps) assert.match((await make('dead-letters', env)).out, expected)
})
