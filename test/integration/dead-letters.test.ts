// runs alone: the state-machines of one broker share its rooms
// deadline: 200 s
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { root } from '../../deploy/local/services.ts'
import { topics } from '../../schemas/topics.ts'
import { createDeadLetters } from '../../services/shared/dead-letter.ts'
import { Fault } from '../../services/shared/fault.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { newRoomId } from '../support/edge-records.ts'
import { commandsOf } from '../support/runbook.ts'
import { until } from '../support/until.ts'
import { openStage, partitions, type Logged, type Stage } from './dead-letters.stage.ts'

const pushing = 1
let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage?.close())

const lettersCome = async (roomId: string, count: number): Promise<readonly string[]> => {
  let letters: readonly Logged[] = []
  await until(`${count} dead letters`, async () => (letters = await stage.lettersOf(roomId)).length >= count)
  return letters.map(({ partition, offset }) => `${partition}/${offset}`)
}
const replaysOf = async (roomId: string): Promise<readonly Logged[]> =>
  (await stage.recordsOf(roomId)).filter(({ headers }) => headers['replayOf'] !== undefined)
const hasStatus = (roomId: string, status: number): Promise<void> =>
  until(`room status ${status}`, async () => (await stage.roomState(roomId))?.status === status)
const create = { uid: 'ann', name: 'Ann', description: null }
const publish = { action: 'publish', cloudTime: null }
const junk = (roomId: string, text = 'no record of ours') =>
  stage.send({ topic: topics.roomInput.name, key: roomId, value: Buffer.from(text) })

test('a record whose schema the registry lacked is replayed once it has it, then the mended one behind it, and none twice', async () => {
  const roomId = newRoomId()
  const writer = await stage.newerWriter('LiveCreateRequested')
  const value = writer.encode(stage.record(roomId, create))
  const headers = { type: 'LiveCreateRequested' }
  await stage.send({ topic: topics.roomInput.name, key: roomId, value, headers })
  await junk(roomId)
  const [first = '', second = ''] = await lettersCome(roomId, 2)

  const early = await stage.run('replay', '--room', roomId, '--yes')
  assert.equal(early.code, 3)
  assert.match(early.out, /the schema registry has no schema \d+: it would only come back/)
  await writer.register()

  const file = await stage.writeJson({ type: 'StreamNotified', record: stage.record(roomId, publish) })
  const alone = await stage.run('replay', second, '--json-file', file, '--yes')
  assert.match(alone.out, /refused, room-ended,earlier-left: .* --anyway room-ended,earlier-left replays it/)
  assert.equal(alone.code, 3)

  const dry = await stage.run('replay', first)
  assert.match(dry.out, /LiveCreateRequested +\d+ (s|min).* +to be replayed\nnothing was written\. With --yes 1 of 1/)
  assert.equal(dry.code, 0)
  assert.deepEqual(await replaysOf(roomId), [])

  assert.equal((await stage.run('replay', first, '--yes')).code, 0)
  const mended = await stage.run('replay', second, '--json-file', file, '--yes')
  assert.match(mended.out, /replayed to room\.input\.v1\/\d+\/\d+\n1 of 1 replayed, 0 refused/)
  await hasStatus(roomId, pushing)

  const again = await stage.run('replay', '--room', roomId, '--yes')
  assert.match(again.out, /no letter to replay/)
  assert.match((await stage.run('replay', first, '--yes')).out, /was replayed at .* nothing to do/)
  const replays = await replaysOf(roomId)
  assert.deepEqual(
    replays.map(({ headers, decoded }) => [headers['type'], decoded?.type]),
    [
      ['LiveCreateRequested', 'LiveCreateRequested'],
      ['StreamNotified', 'StreamNotified'],
    ],
  )
  assert.match((await stage.run('list', '--room', roomId)).out, /replayed at .* to room\.input\.v1/)
})

test('a room that has gone on is left alone, unless that is said', async () => {
  const roomId = newRoomId()
  await stage.input('LiveCreateRequested', stage.record(roomId, create))
  await junk(roomId)
  const { offset } = await stage.input('MixAvailabilityNotified', stage.record(roomId, { cloudTime: null }))
  const [letter = ''] = await lettersCome(roomId, 1)
  const file = await stage.writeJson({ type: 'StreamNotified', record: stage.record(roomId, publish) })
  const mend = ['replay', letter, '--json-file', file, '--yes']

  const refused = await stage.run(...mend)
  assert.match(refused.out, new RegExp(`refused, gone-on: its room has gone on: offset ${offset} `))
  assert.deepEqual(await replaysOf(roomId), [])
  assert.equal((await stage.run(...mend, '--anyway', 'gone-on')).code, 0)
  await hasStatus(roomId, pushing)
})

test('an invite of yesterday rings nobody today, and a room that has ended takes nothing', async () => {
  const roomId = newRoomId()
  await stage.input('LiveCreateRequested', stage.record(roomId, create))
  await junk(roomId)
  const [letter = ''] = await lettersCome(roomId, 1)
  const invite = {
    inviterUid: 'ann',
    inviterName: null,
    inviteeUid: 'ben',
    inviteeName: null,
    inviteeRoomId: null,
    type: 'side_by_side',
    inviterType: 2,
  }
  const record = { ...stage.record(roomId, invite), occurredAt: Date.now() - 86_400_000 }
  const old = await stage.writeJson({ type: 'CohostInviteRequested', record })
  assert.match((await stage.run('replay', letter, '--json-file', old, '--yes')).out, /too-late: it happened 1 d ago/)

  const nowhere = newRoomId()
  await junk(nowhere)
  const [other = ''] = await lettersCome(nowhere, 1)
  const file = await stage.writeJson({ type: 'StreamNotified', record: stage.record(nowhere, publish) })
  assert.match(
    (await stage.run('replay', other, '--json-file', file, '--yes')).out,
    /room-ended: there is no such room/,
  )
  assert.deepEqual([...(await replaysOf(roomId)), ...(await replaysOf(nowhere))], [])
})

test('a record in the wrong partition is replayed to the right one; what its sender sent again is left alone', async () => {
  const roomId = newRoomId()
  const partition = (partitionFor(roomId, partitions) + 1) % partitions
  const value = stage.codec.encode(topics.roomInput, 'LiveCreateRequested', stage.record(roomId, create))
  const astray = { topic: topics.roomInput.name, key: roomId, value, partition }
  await stage.send(astray)
  await lettersCome(roomId, 1)
  assert.equal((await stage.run('replay', '--room', roomId, '--yes')).code, 0)
  await until('the room is there', async () => (await stage.roomState(roomId))?.uid === 'ann')

  const other = newRoomId()
  const again = stage.codec.encode(topics.roomInput, 'LiveCreateRequested', stage.record(other, create))
  const wrong = (partitionFor(other, partitions) + 1) % partitions
  await stage.send({ topic: topics.roomInput.name, key: other, value: again, partition: wrong })
  await stage.send({ topic: topics.roomInput.name, key: other, value: again })
  await lettersCome(other, 1)
  assert.match((await stage.run('replay', '--room', other, '--yes')).out, /its sender has sent it again/)
  assert.deepEqual(await replaysOf(other), [])
})

test('what was written but not marked before a kill is found, marked, and not written again', async () => {
  const roomId = newRoomId()
  const partition = (partitionFor(roomId, partitions) + 1) % partitions
  const count = 90
  const events = Array.from({ length: count }, () => randomUUID())
  for (const eventId of events) {
    const record = { ...stage.record(roomId, create), eventId }
    const value = stage.codec.encode(topics.roomInput, 'LiveCreateRequested', record)
    await stage.send({ topic: topics.roomInput.name, key: roomId, value, partition })
  }
  await lettersCome(roomId, count)
  const args = ['deploy/dead-letters/dead-letters.ts', 'replay', '--room', roomId, '--yes']
  let kills = 0
  for (const share of [1, count / 3, (2 * count) / 3]) {
    const child = spawn(process.execPath, [...args, '--anyway', 'gone-on'], {
      cwd: root,
      env: stage.env,
      stdio: 'ignore',
    })
    const exit = once(child, 'exit')
    await until(
      'some are written',
      async () => child.exitCode !== null || (await replaysOf(roomId)).length >= share,
      30_000,
    )
    child.kill('SIGKILL')
    const [, signal] = await exit
    if (signal === 'SIGKILL') kills += 1
  }
  assert.ok(kills > 0)
  const last = await stage.run(...args.slice(1), '--anyway', 'gone-on')
  assert.equal(last.code, 0, last.out)
  const written = (await replaysOf(roomId)).map(({ decoded }) => decoded?.record.eventId)
  assert.deepEqual(written, events)
  assert.match((await stage.run(...args.slice(1))).out, /no letter to replay/)
})

test('a replay whose mark was lost is recognised by its header', async () => {
  const roomId = newRoomId()
  await stage.input('LiveCreateRequested', stage.record(roomId, create))
  const { partition, offset } = await junk(roomId)
  const [letter = ''] = await lettersCome(roomId, 1)
  const value = stage.codec.encode(topics.roomInput, 'StreamNotified', stage.record(roomId, publish))
  const replayOf = `${topics.roomInput.name}/${partition}/${offset}`
  const lost = await stage.send({ topic: topics.roomInput.name, key: roomId, value, headers: { replayOf } })

  const printed = await stage.run('replay', letter, '--yes')
  assert.match(printed.out, new RegExp(`marked, it is at room\\.input\\.v1/${lost.partition}/${lost.offset}\\n`))
  assert.equal((await replaysOf(roomId)).length, 1)
  assert.match((await stage.run('replay', '--room', roomId)).out, /no letter to replay/)
})

test('a record that is too large for a letter holds up nothing: the letter says how large it is', async () => {
  const roomId = newRoomId()
  const kafka = new Kafka({ brokers: [...stage.kafka.brokers], logLevel: logLevel.NOTHING })
  const foreign = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await foreign.connect()
  await foreign.send({ topic: topics.roomInput.name, messages: [{ key: roomId, value: Buffer.alloc(900_000, 'x') }] })
  await foreign.disconnect()
  await stage.input('LiveCreateRequested', stage.record(roomId, create))
  await until('the next record is decided', async () => (await stage.roomState(roomId)) !== undefined)
  const [letter = ''] = await lettersCome(roomId, 1)
  assert.match((await stage.run('show', letter)).out, /its 900000 bytes were too many for a letter/)
})

test('no secret of a letter is printed, wherever it stands', async () => {
  const roomId = newRoomId()
  const secrets = {
    key: 'k3yk3yk3y',
    header: 'h3ad3rh3ad3r',
    bytes: 'byt3sbyt3s',
    field: 'f13ldf13ld',
    why: 'whywhywhy',
  }
  const deadLetters = createDeadLetters({
    producer: stage.producer,
    service: 'ingest',
    metrics: createMetrics({ service: 'ingest' }),
    log: silentLog,
  })
  const message = { partition: 0, offset: 7, timestamp: Date.now(), size: 0, headers: {} }
  const live = { uid: 'u', name: 'U', roomId, description: `password=${secrets.field}`, status: 0, type: 2 }
  const outcome = {
    ...stage.record(roomId, {}),
    requestId: 'r',
    code: 200,
    message: 'created',
    sessionId: null,
    live: { ...live, isMixReady: false, isMixed: false, rtmpUrl: `rtmp://push/app/${secrets.field}` },
    cohost: null,
  }
  const value = stage.codec.encode(topics.requestOutcome, 'RequestDecided', outcome)
  const fault = new Fault('RECORD_INVALID', `of https://u:${secrets.why}@example.com/x`)
  await deadLetters.put({ ...message, topic: topics.requestOutcome.name, key: Buffer.from(roomId), value }, fault)
  await deadLetters.put(
    {
      ...message,
      offset: 8,
      topic: topics.roomInput.name,
      key: Buffer.concat([Buffer.from([0xff]), Buffer.from(`auth_key=${secrets.key}`)]),
      value: Buffer.from(`{"apiKey":"${secrets.bytes}"} rtmp://p/a/r?auth_key=1-0-0-${secrets.bytes}`, 'utf16le'),
      headers: { type: Buffer.from(`Bearer ${secrets.header}`), traceparent: Buffer.from(`token=${secrets.header}`) },
    },
    fault,
  )
  const listed = await stage.run('list', '--service', 'ingest')
  const places = [...listed.out.matchAll(/^ +(\d+\/\d+) .*example/gm)].map(([, place = '']) => place)
  assert.equal(places.length, 2, listed.out)
  const shown = await Promise.all(places.map((place) => stage.run('show', place)))
  const replayed = await stage.run('replay', '--service', 'ingest', '--yes')
  assert.match(replayed.out, /request\.outcome\.v1 has writers of its own/)
  assert.match(shown.map(({ out }) => out).join(), /"rtmpUrl": "\[masked\]"/)
  for (const { out } of [listed, replayed, ...shown]) {
    for (const secret of Object.values(secrets)) {
      const encodings = (['utf8', 'utf16le'] as const).map((encoding) => Buffer.from(secret, encoding))
      const numbers = out.replaceAll(/^[0-9a-f]{6} {2}(.{47}).*\n?/gm, '$1 ').replaceAll(/[ \n]/g, '')
      assert.ok(!out.includes(secret), `${secret} in ${out}`)
      assert.ok(!out.includes(Buffer.from(secret).toString('base64').slice(0, 8)), out)
      for (const bytes of encodings) assert.ok(!numbers.includes(bytes.toString('hex')), `${secret} in ${out}`)
    }
  }
})

test('the document’s walk from a broken record to its replay goes as it is written', async () => {
  const [start, write = '', ...rest] = commandsOf(await readFile(join(root, 'docs', 'dead-letters.md'), 'utf8'))
  assert.equal(start, 'make up')
  const shell = async (script: string): Promise<string> => {
    const set = { cwd: root, env: stage.env, timeout: 60_000 }
    return (await promisify(execFile)('bash', ['-uo', 'pipefail', '-c', `exec 2>&1\n${script}`], set)).stdout
  }
  await shell(write)
  const [letter = ''] = await lettersCome('annslive', 1)
  const printed = await shell(rest.join('\n').replace(/LETTER=\S+/, `LETTER=${letter}`))
  const expected = [
    /\n {2}1 +0 .* RECORD_UNREADABLE: the value does not begin with a schema id\n/,
    /\{"roomId":"an/,
    /refused: the value does not begin with a schema id: it would only come back\..*\nnothing was written/,
    /LiveCreateRequested .* to be replayed\nnothing was written\. With --yes 1 of 1 are replayed\n/,
    /replayed to room\.input\.v1\/\d+\/\d+\n1 of 1 replayed, 0 refused\n/,
    /\n {2}1 +1 .* · replayed at .* to room\.input\.v1/s,
    /nothing to do\nno letter to replay\n$/,
  ]
  for (const pattern of expected) assert.match(printed, pattern)
  assert.doesNotMatch(printed, /hunter2/)
  await until('the live is there', async () => (await stage.roomState('annslive'))?.uid === 'ann')
})
