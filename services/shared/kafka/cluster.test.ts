import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import { isFault } from '../fault.ts'
import { silentLog, type Log, type LogLevel } from '../log.ts'
import { createKafka } from './client.ts'
import { withCluster } from './cluster.ts'

/** A port on which nobody answers. */
const findClosedPort = async (): Promise<number> => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

const unreachable = async (log: Log = silentLog) =>
  createKafka({ brokers: [`127.0.0.1:${await findClosedPort()}`], clientId: 'test', log })

test('what kafkajs goes on to retry is no error in the log, and no payload is in it', async () => {
  const lines: { level: LogLevel; fields: object; message: string }[] = []
  const note =
    (level: LogLevel) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields, message })
    }
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  await assert.rejects(
    withCluster({ kafka: await unreachable(log), deadlineMs: 200 }, async () => {}),
    (error) => isFault(error, 'BROKER_UNREACHABLE') && error.retriable,
  )
  const said = lines.filter(({ message }) => message === 'kafkajs says')
  assert.ok(said.length > 0)
  assert.deepEqual(new Set(lines.map(({ level }) => level)), new Set(['debug']))
  const known = ['namespace', 'said', 'broker', 'retryCount', 'groupId', 'cause']
  assert.deepEqual(
    said.flatMap(({ fields }) => Object.keys(fields)).filter((name) => !known.includes(name)),
    [],
  )
})

test('an abort ends the tries with its reason', async () => {
  const reason = new Error('no longer wanted')
  const controller = new AbortController()
  const kafka = await unreachable()
  const asked = withCluster({ kafka, deadlineMs: 60_000, signal: controller.signal }, async () => {})
  controller.abort(reason)
  await assert.rejects(asked, reason)
})
