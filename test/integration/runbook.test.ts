// deadline: 400 s
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { logFile, stopProcess } from '../../deploy/local/processes.ts'
import { root, services } from '../../deploy/local/services.ts'
import { startMonitoring, type Monitoring } from '../../deploy/observability/monitoring.ts'
import { topics } from '../../schemas/topics.ts'
import { choosePlatform } from '../containers/choose-platform.ts'
import { putKafkaCommands } from '../support/kafka-commands.ts'
import { query, skipWithoutMonitoring } from '../support/monitoring.ts'
import { commandsOf, expressionsOf } from '../support/runbook.ts'
import { sendUnreadable } from '../support/send-unreadable.ts'
import { startTestSystem, type TestSystem } from '../support/system.ts'
import { until } from '../support/until.ts'

const runsWithinMs = 120_000
const dataWithinMs = 60_000
const firstOf = (text: string): string => text.split('\n')[0] ?? ''

const runbook = await readFile(join(root, 'deploy', 'RUNBOOK.md'), 'utf8')
const [settings = '', ...blocks] = commandsOf(runbook)

/** Which have something to show only when something is wrong. */
const isOfFaults = (expression: string): boolean => /status=~"5\.\."|\bALERTS\b/.test(expression)

let system: TestSystem
let monitoring: Monitoring
let bin: string
const partition = 0

/** A transaction that nobody ends, and a record that nobody can read, both by a program that is none of ours. */
const leaveTroubles = async (): Promise<void> => {
  const kafka = new Kafka({ brokers: [...system.environment.brokers], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({
    transactionalId: 'runbook-test',
    transactionTimeout: 600_000,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  await producer.send({ topic: topics.roomInput.name, messages: [{ key: 'nobody', value: 'no record of ours' }] })
  const transaction = await producer.transaction()
  await transaction.send({ topic: topics.pushSignal.name, messages: [{ partition, value: 'for ever' }] })
  await producer.disconnect()
}

before(async () => {
  if (skipWithoutMonitoring !== false) return
  system = await startTestSystem({ base: process.env, isIsolated: true })
  const { dataDir, environment } = system
  bin = join(dataDir, 'bin')
  await mkdir(bin)
  await putKafkaCommands(bin)
  monitoring = await startMonitoring({ dataDir, environment, ports: { prometheus: 0, alertmanager: 0 }, scale: 0.05 })
})
after(async () => {
  await monitoring?.stop()
  await system?.stop()
})

/** Runs commands of the runbook as somebody would who has set what its first block names. */
const run = async (commands: string, set: Readonly<Record<string, string>> = {}): Promise<string> => {
  const { dataDir, environment } = system
  const { variables, brokers, registryUrl } = environment
  const ports = Object.entries(variables).filter(([name]) => name.endsWith('_PORT'))
  const instances = services.map(({ name, adminPort }) => `${name}=127.0.0.1:${variables[adminPort]}`)
  const env = {
    ...process.env,
    ...Object.fromEntries(ports),
    // `make up` is to find the same broker: one that it has not started itself is named.
    KAFKA_BROKERS: choosePlatform(process.env) === 'containers' ? brokers.join(',') : '',
    PATH: `${bin}:${process.env['PATH']}`,
    DATA_DIR: dataDir,
    BOOTSTRAP: brokers.join(','),
    SCHEMA_REGISTRY_URL: registryUrl,
    INSTANCES: instances.join(' '),
    LOGS: join(dataDir, 'log'),
    SERVICE: 'mixer',
    ...set,
  }
  const script = `set -euo pipefail\n${settings}\n${commands}`
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: root, env, timeout: runsWithinMs })
  return stdout
}

/** The one block of the runbook that contains these words. */
const blockWith = (words: string): string => {
  const found = blocks.filter((block) => block.includes(words))
  assert.equal(found.length, 1, `${found.length} blocks of the runbook have ${words}`)
  return found[0] ?? ''
}

const startOffsetOf = (described: string): string =>
  described.match(/^\d+\s+\d+\s+-?\d+\s+\d+\s+\d+\s+(\d+)\s*$/m)?.[1] ?? 'None'

const allReady = /^([\w-]+: \{"ready":true\}\n){4}$/

/** What each block of commands prints in a system that has the troubles above; in the order in which they run. */
const expected: ReadonlyArray<readonly [words: string, printed: RegExp]> = [
  ['/readyz', allReady],
  ['state-machine.log', /"msg":"record given up to dead-letter"/],
  ['$SERVICE.log', /"msg":"started"/],
  ['--under-min-isr-partitions', /id: 1 /],
  ['kafka-consumer-groups.sh', /state-machine +room\.input\.v1 +\d+ +\d+ +\d+ +0 /],
  ['/schemas/types', /"AVRO"/],
  ['list --since', /room\.input\.v1 +state-machine +RECORD_UNREADABLE: the value does not begin with a schema id/],
  ['video cloud', /^$/],
  ['find-hanging', /^(?=.*state-machine-0 )(?=.*runbook-test [^\n]*Ongoing)/s],
  ['/subjects', /^[1-9]\d*\n$/],
  ["grep -c 'id:'", /^1\n$/],
  ['--under-replicated-partitions', /"error":null,"bytes":\d+/],
]

/** As a record begins, with a schema id that no registry here gives. */
const ofUnknownSchema = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1])

describe('the runbook', { skip: skipWithoutMonitoring }, () => {
  test('every expression has data in a system that runs', async () => {
    const { roomId } = await system.app.createLive({ uid: 'runbook-host', name: 'Ada' })
    const viewer = await system.join('runbook-viewer', roomId)
    await viewer.waitForPush(104)
    await viewer.close()
    const expressions = expressionsOf(runbook)
    assert.ok(expressions.length > 30)
    for (const expression of expressions) {
      if (isOfFaults(expression)) await query(monitoring, expression)
      else
        await until(
          `${expression} has data`,
          async () => (await query(monitoring, expression)).length > 0,
          dataWithinMs,
        )
    }
  })

  test('every block of commands is one that is run here', async () => {
    const others = [
      'show $LETTER',
      'replay $LETTER',
      'make up',
      'describe-producers',
      'abort --topic',
      'room-states.ts',
    ]
    const words = [...expected.map(([word]) => word), ...others]
    assert.deepEqual(words.map((word) => firstOf(blockWith(word))).toSorted(), blocks.map(firstOf).toSorted())
  })

  test('every command that looks prints what there is to see', async (t) => {
    await leaveTroubles()
    await until(
      'the record was given up',
      async () => (await system.metric('state-machine', 'roomcast_dead_letters_total')) > 0,
    )
    for (const [words, printed] of expected) {
      await t.test(words, async () => assert.match(await run(blockWith(words)), printed))
    }
  })

  test('a record that was given up is found by its place, shown, and not replayed while nobody can read it', async () => {
    const [, LETTER = ''] = /^ +(\d+\/\d+) .* nobody /m.exec(await run(blockWith('list --since'))) ?? []
    assert.match(await run(blockWith('show $LETTER'), { LETTER }), /^key +nobody\nheaders\n[^]* {2}no record of our\n/m)
    await assert.rejects(run(blockWith('replay $LETTER'), { LETTER }), { stdout: /it would only come back/ })
  })

  test('a transaction that nobody ends is found, and aborted by the command', async () => {
    const look = (): Promise<string> => run(blockWith('describe-producers'), { PARTITION: String(partition) })
    const open = startOffsetOf(await look())
    assert.notEqual(open, 'None')
    await run(blockWith('abort --topic'), { PARTITION: String(partition), START_OFFSET: open })
    assert.equal(startOffsetOf(await look()), 'None')
  })

  test('a room whose state nobody can read gets its former one by the command, and its partition is taken over', async () => {
    const look = blockWith('room-states.ts')
    assert.match(await run(look), /^every state can be read$/m)
    const { roomId } = await system.app.createLive({ uid: 'runbook-owner', name: 'Ada' })
    const { brokers } = system.environment
    const topic = topics.roomState.name
    await sendUnreadable({ brokers, topic, key: roomId })
    await sendUnreadable({ brokers, topic, key: 'stranger', values: [ofUnknownSchema] })
    await stopProcess({ dataDir: system.dataDir, name: 'state-machine', graceMs: 15_000 })
    // It is not to end itself while the test still looks.
    const starting = run(blockWith('make up'), { STATE_MACHINE_STALL_LIMIT_MS: String(2 * runsWithinMs) })
    // Where it fails, the last lines tell.
    starting.catch(() => {})
    const told = async (): Promise<boolean> =>
      (await readFile(logFile(system.dataDir, 'state-machine'), 'utf8')).includes('a partition cannot be taken over')
    await until('the state-machine cannot take the partition over', told, runsWithinMs)
    const found = [
      `"${roomId}": .*; its state of \\d+/\\d+ takes the place`,
      '"stranger": .* has no schema \\d+; no former state',
    ]
    for (const line of found) await assert.rejects(run(look), { code: 2, stdout: new RegExp(line) })
    await assert.rejects(run(`${look} --yes`), { code: 3, stdout: /^nothing was written: .* of 1 state\(s\)\./m })
    // The state-machine tries, too, and may win.
    const mend = (): Promise<boolean> => run(`${look} --yes --without-schema`).then(Boolean, () => false)
    await until('both are mended', mend, runsWithinMs)
    assert.match(await run(look), /^every state can be read$/m)
    await starting
    assert.equal((await system.app.leaveLive(roomId)).code, 200)
  })

  test('a service that was stopped is started by the command', async () => {
    await stopProcess({ dataDir: system.dataDir, name: 'mixer', graceMs: 15_000 })
    assert.match(await run(blockWith('/readyz')), /^mixer: does not answer$/m)
    await run(blockWith('make up'))
    assert.match(await run(blockWith('/readyz')), allReady)
  })
})
