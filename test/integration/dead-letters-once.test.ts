// deadline: 200 s
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { text } from 'node:stream/consumers'
import { openWriter } from '../../deploy/dead-letters/replay/writer.ts'
import { root } from '../../deploy/local/services.ts'
import { topics } from '../../schemas/topics.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { silentLog } from '../../services/shared/log.ts'
import { newRoomId } from '../support/edge-records.ts'
import { api, startKafkaProxy } from '../support/kafka-proxy.ts'
import { until } from '../support/until.ts'
import { create, openStage, partitions, publish, type Stage } from './dead-letters.stage.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage?.close())

/** Inputs of one room in the wrong partition, which are given up; resolves with their event ids. */
const sendAstray = async (roomId: string, count: number): Promise<readonly string[]> => {
  const partition = (partitionFor(roomId, partitions) + 1) % partitions
  const events = Array.from({ length: count }, () => randomUUID())
  for (const eventId of events) {
    const record = { ...stage.record(roomId, create), eventId }
    const value = stage.codec.encode(topics.roomInput, 'LiveCreateRequested', record)
    await stage.send({ topic: topics.roomInput.name, key: roomId, value, partition })
  }
  await stage.lettersCome(roomId, count)
  return events
}

const eventsIn = async (roomId: string): Promise<readonly (string | undefined)[]> =>
  (await stage.replaysOf(roomId)).map(({ decoded }) => decoded?.record.eventId)

test('whatever becomes of a run, killed or shut out by a newer one, the next writes what is missing and nothing twice', async (t) => {
  const roomId = newRoomId()
  const count = 90
  const events = await sendAstray(roomId, count)
  const args = ['replay', '--room', roomId, '--yes', '--anyway', 'gone-on'] as const
  const proxy = await startKafkaProxy(stage.env.KAFKA_BROKERS.split(','))
  t.after(() => proxy.close())
  /** A run that stands still when it wants to commit its transaction of this number, until this process has seen it. */
  const begin = async (transaction: number) => {
    let commits = 0
    proxy.onRequest = (key) => (key === api.endTxn && ++commits === transaction ? 'hold' : 'pass')
    const child = spawn(process.execPath, ['deploy/dead-letters/dead-letters.ts', ...args], {
      cwd: root,
      env: { ...stage.env, KAFKA_BROKERS: proxy.brokers.join(',') },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const ends = Promise.all([once(child, 'exit'), text(child.stderr)])
    await until('it stands still', () => child.exitCode !== null || commits === transaction, 60_000)
    return { child, ends }
  }
  // A letter takes two, its replay and its mark. The first run is killed at the mark of the first letter, the second at a replay.
  for (const transaction of [2, 2 * (count / 3)]) {
    const { child, ends } = await begin(transaction)
    child.kill('SIGKILL')
    const [[, signal]] = await ends
    assert.equal(signal, 'SIGKILL')
  }

  const { ends } = await begin((2 * count) / 3)
  const newer = await openWriter({ kafka: stage.kafka, log: silentLog, signal: AbortSignal.timeout(30_000) })
  proxy.letGo()
  const [[code], told] = await ends
  await newer.close()
  assert.equal(code, 1)
  assert.match(told, /PRODUCER_FENCED.*Somebody else has begun to replay/)
  assert.notEqual((await eventsIn(roomId)).length, count)

  const last = await stage.run(...args)
  assert.equal(last.code, 0, last.out)
  assert.deepEqual(await eventsIn(roomId), events)
  assert.match((await stage.run(...args)).out, /no letter to replay/)
})

test('of two runs at once one writes', async () => {
  const roomId = newRoomId()
  const events = await sendAstray(roomId, 12)
  const args = ['replay', '--room', roomId, '--yes'] as const
  const both = await Promise.all([stage.run(...args), stage.run(...args)])
  assert.ok(
    both.some(({ code }) => code === 0),
    both.map(({ out }) => out).join('\n'),
  )
  assert.deepEqual(await eventsIn(roomId), events)
})

test('a replay whose mark was lost is recognised by its header', async () => {
  const roomId = newRoomId()
  await stage.input('LiveCreateRequested', stage.record(roomId, create))
  const { partition, offset } = await stage.junk(roomId)
  const [letter = ''] = await stage.lettersCome(roomId, 1)
  const value = stage.codec.encode(topics.roomInput, 'StreamNotified', stage.record(roomId, publish))
  const replayOf = `${topics.roomInput.name}/${partition}/${offset}`
  const lost = await stage.send({ topic: topics.roomInput.name, key: roomId, value, headers: { replayOf } })

  const printed = await stage.run('replay', letter, '--yes')
  assert.match(printed.out, new RegExp(`marked, it is at room\\.input\\.v1/${lost.partition}/${lost.offset}\\n`))
  assert.equal((await stage.replaysOf(roomId)).length, 1)
  assert.match((await stage.run('replay', '--room', roomId)).out, /no letter to replay/)
})

test('a replay that comes back keeps its place: what came after the first one waits for it, and it is no going on for that', async () => {
  const roomId = newRoomId()
  await stage.input('LiveCreateRequested', stage.record(roomId, create))
  const first = await stage.junk(roomId)
  await stage.junk(roomId)
  await stage.junk(roomId, { replayOf: `${topics.roomInput.name}/${first.partition}/${first.offset}` })
  const [one = '', two = '', back = ''] = await stage.lettersCome(roomId, 3)
  assert.match((await stage.run('replay', one, '--yes')).out, /marked, it is at/)

  const file = await stage.writeJson({ type: 'StreamNotified', record: stage.record(roomId, publish) })
  const early = await stage.run('replay', two, '--json-file', file, '--yes')
  assert.match(early.out, new RegExp(`earlier-left: ${back} of the same room came before it`))
  const availability = { type: 'MixAvailabilityNotified', record: stage.record(roomId, { cloudTime: null }) }
  assert.equal((await stage.run('replay', back, '--json-file', await stage.writeJson(availability), '--yes')).code, 0)
  const late = await stage.run('replay', two, '--json-file', file, '--yes')
  assert.match(late.out, /1 of 1 replayed, 0 refused/)
  assert.equal(late.code, 0)
})
