// deadline: 200 s
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { root } from '../../deploy/local/services.ts'
import { topics } from '../../schemas/topics.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { newRoomId } from '../support/edge-records.ts'
import { commandsOf } from '../support/runbook.ts'
import { until } from '../support/until.ts'
import { create, openStage, partitions, publish, pushing, type Stage } from './dead-letters.stage.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage?.close())

test('a record whose schema the registry lacked is replayed once it has it, then the mended one behind it, and none twice', async () => {
  const roomId = newRoomId()
  const writer = await stage.newerWriter('LiveCreateRequested')
  const value = writer.encode(stage.record(roomId, create))
  const headers = { type: 'LiveCreateRequested' }
  await stage.send({ topic: topics.roomInput.name, key: roomId, value, headers })
  await stage.junk(roomId)
  const [first = '', second = ''] = await stage.lettersCome(roomId, 2)

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
  assert.deepEqual(await stage.replaysOf(roomId), [])

  assert.equal((await stage.run('replay', first, '--yes')).code, 0)
  const mended = await stage.run('replay', second, '--json-file', file, '--yes')
  assert.match(mended.out, /replayed to room\.input\.v1\/\d+\/\d+\n1 of 1 replayed, 0 refused/)
  await stage.hasStatus(roomId, pushing)

  const again = await stage.run('replay', '--room', roomId, '--yes')
  assert.match(again.out, /no letter to replay/)
  assert.match((await stage.run('replay', first, '--yes')).out, /was replayed at .* nothing to do/)
  const replays = await stage.replaysOf(roomId)
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
  await stage.junk(roomId)
  const { offset } = await stage.input('MixAvailabilityNotified', stage.record(roomId, { cloudTime: null }))
  const [letter = ''] = await stage.lettersCome(roomId, 1)
  const file = await stage.writeJson({ type: 'StreamNotified', record: stage.record(roomId, publish) })
  const mend = ['replay', letter, '--json-file', file, '--yes']

  const refused = await stage.run(...mend)
  assert.match(refused.out, new RegExp(`refused, gone-on: its room has gone on: offset ${offset} `))
  assert.deepEqual(await stage.replaysOf(roomId), [])
  assert.equal((await stage.run(...mend, '--anyway', 'gone-on')).code, 0)
  await stage.hasStatus(roomId, pushing)
})

test('an invite of yesterday rings nobody today, and a room that has ended takes nothing', async () => {
  const roomId = newRoomId()
  await stage.input('LiveCreateRequested', stage.record(roomId, create))
  await stage.junk(roomId)
  const [letter = ''] = await stage.lettersCome(roomId, 1)
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
  await stage.junk(nowhere)
  const [other = ''] = await stage.lettersCome(nowhere, 1)
  const file = await stage.writeJson({ type: 'StreamNotified', record: stage.record(nowhere, publish) })
  assert.match(
    (await stage.run('replay', other, '--json-file', file, '--yes')).out,
    /room-ended: there is no such room/,
  )
  assert.deepEqual([...(await stage.replaysOf(roomId)), ...(await stage.replaysOf(nowhere))], [])
})

test('a record in the wrong partition is replayed to the right one; what its sender sent again is left alone', async () => {
  const roomId = newRoomId()
  const partition = (partitionFor(roomId, partitions) + 1) % partitions
  const value = stage.codec.encode(topics.roomInput, 'LiveCreateRequested', stage.record(roomId, create))
  const astray = { topic: topics.roomInput.name, key: roomId, value, partition }
  await stage.send(astray)
  await stage.lettersCome(roomId, 1)
  assert.equal((await stage.run('replay', '--room', roomId, '--yes')).code, 0)
  await until('the room is there', async () => (await stage.roomState(roomId))?.uid === 'ann')

  const other = newRoomId()
  const again = stage.codec.encode(topics.roomInput, 'LiveCreateRequested', stage.record(other, create))
  const wrong = (partitionFor(other, partitions) + 1) % partitions
  await stage.send({ topic: topics.roomInput.name, key: other, value: again, partition: wrong })
  await stage.send({ topic: topics.roomInput.name, key: other, value: again })
  await stage.lettersCome(other, 1)
  assert.match((await stage.run('replay', '--room', other, '--yes')).out, /its sender has sent it again/)
  assert.deepEqual(await stage.replaysOf(other), [])
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
  const [letter = ''] = await stage.lettersCome(roomId, 1)
  assert.match((await stage.run('show', letter)).out, /its 900000 bytes were too many for a letter/)
})

test('the document’s walk from a broken record to its replay goes as it is written', async () => {
  const [, walk = ''] = (await readFile(join(root, 'docs', 'dead-letters.md'), 'utf8')).split(/^## /m)
  const [start, write = '', ...rest] = commandsOf(walk)
  assert.equal(start, 'make up')
  const shell = async (script: string): Promise<string> => {
    const set = { cwd: root, env: stage.env, timeout: 60_000 }
    return (await promisify(execFile)('bash', ['-uo', 'pipefail', '-c', `exec 2>&1\n${script}`], set)).stdout
  }
  await shell(write)
  const [letter = ''] = await stage.lettersCome('annslive', 1)
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
