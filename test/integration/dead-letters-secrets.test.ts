// deadline: 120 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { createDeadLetters } from '../../services/shared/dead-letter.ts'
import { Fault } from '../../services/shared/fault.ts'
import { silentLog } from '../../services/shared/log.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { newRoomId } from '../support/edge-records.ts'
import { openStage, type Stage } from './dead-letters.stage.ts'

let stage: Stage
before(async () => {
  stage = await openStage()
})
after(() => stage?.close())

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
