// deadline: 240 s
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { MixCommandAnswered } from '../../schemas/types.generated.ts'
import { startOf, stopOf } from '../contract/mix-cloud.ts'
import { createMixerStage } from '../support/mixer-stage.ts'
import type { MixerStage } from '../support/mixer-stage.ts'
import { until } from '../support/until.ts'
import { startVendorServer, vendorCredentials } from '../support/vendor-server.ts'
import type { Behaviour, VendorServer } from '../support/vendor-server.ts'

/** What the vendor does with the calls of a room: the first, the second, …; then, and in other rooms, it carries out. */
const plans = new Map<string, readonly Behaviour[]>()
const callsOf = (room: string) => vendor.calls.filter(({ parameters }) => parameters['MainStreamName'] === room)

let vendor: VendorServer
let stage: MixerStage

before(async () => {
  vendor = await startVendorServer({
    repeats: 'error',
    behave: (_, { parameters }) => {
      const room = parameters['MainStreamName'] ?? ''
      return plans.get(room)?.[callsOf(room).length] ?? { kind: 'carry-out' }
    },
  })
  stage = await createMixerStage({
    MIXER_ADAPTER: 'aliyun',
    ALIYUN_ENDPOINT: vendor.url,
    ALIYUN_ACCESS_KEY_ID: vendorCredentials.accessKeyId,
    ALIYUN_ACCESS_KEY_SECRET: vendorCredentials.accessKeySecret,
    // Nothing but what hangs takes so long, however busy the machine is: no call is made twice for that.
    ALIYUN_TIMEOUT_MS: '5000',
    MEDIA_PLAY_HOST: 'play.example',
    MEDIA_APP: 'Demo',
    ALLOW_INSECURE_LOCAL: '1',
    LOG_LEVEL: 'debug',
  })
  await stage.mixer.start()
  await stage.mixer.ready()
})
after(async () => {
  await stage.close()
  await vendor.close()
})

const newRoom = (...plan: readonly Behaviour[]): string => {
  const room = randomUUID().replaceAll('-', '').slice(0, 16)
  plans.set(room, plan)
  return room
}

const answerOf = async (command: ReturnType<typeof startOf>): Promise<MixCommandAnswered | undefined> => {
  await stage.send(command)
  return (await stage.answersOf(command.roomId, 1))[0]
}

test('a start is carried out at the vendor, and the names of the mixed streams are on room.input', async () => {
  const room = newRoom()
  const answer = await answerOf(startOf(room, 'other', 7))
  assert.deepEqual(
    { ...answer, occurredAt: 0 },
    {
      eventId: `${room}.start.7.answer`,
      roomId: room,
      occurredAt: 0,
      commandId: `${room}.start.7`,
      sessionId: 's1',
      generation: 7,
      action: 'start',
      code: 200,
      reason: '',
      message: '',
      streamNames: [`${room}_mix360`, `${room}_mix480`],
    },
  )
  const [call] = callsOf(room)
  const { MainDomainName, MixAppName, MixStreamName, MixType, MixTemplate } = call?.parameters ?? {}
  assert.deepEqual(
    [MainDomainName, MixAppName, MixStreamName, MixType, MixTemplate],
    ['play.example', 'Demo', 'other', 'channel', 'side_by_side'],
  )
})

for (const [word, code, status] of [
  ['InvalidArgument', 3400, 400],
  ['InvalidArgument.MixTemplate', 3400, 200],
  ['NoSuchStream', 3404, 404],
  ['Forbidden.RAM', 3000, 403],
] as const)
  test(`${word} (HTTP ${status}) is answered with ${code}, with the vendor's word and message, after one call`, async () => {
    const room = newRoom({ kind: 'error', code: word, status, message: `the vendor says ${word}` })
    const answer = await answerOf(startOf(room, 'other'))
    assert.deepEqual(
      [answer?.code, answer?.reason, answer?.message, answer?.streamNames],
      [code, word, `the vendor says ${word}`, []],
    )
    assert.equal(callsOf(room).length, 1)
  })

test('a start that is throttled twice is accepted before its deadline', async () => {
  const throttled = { kind: 'error', code: 'Throttling.User', status: 429 } as const
  const room = newRoom(throttled, throttled)
  const command = startOf(room, 'other')
  const answer = await answerOf(command)
  assert.deepEqual([answer?.code, answer?.streamNames.length], [200, 2])
  assert.ok((answer?.occurredAt ?? Infinity) < command.deadline)
  assert.equal(callsOf(room).length, 3)
})

// Side by side: what they wait for is time that passes.
describe('a trouble that lasts', { concurrency: true }, () => {
  for (const [word, code] of [
    ['InternalError', 3500],
    ['Throttling.User', 3000],
    ['ServiceUnavailable', 3000],
  ] as const)
    test(`${word} that lasts is answered with ${code} before the deadline`, async () => {
      const room = newRoom(...Array<Behaviour>(50).fill({ kind: 'error', code: word, status: 503 }))
      const command = { ...startOf(room, 'other'), deadline: Date.now() + 10_000 }
      const answer = await answerOf(command)
      assert.deepEqual([answer?.code, answer?.reason], [code, word])
      assert.ok((answer?.occurredAt ?? Infinity) < command.deadline)
      assert.ok(callsOf(room).length > 1)
    })

  test('a hung connection, a lost answer, a cut one and a page of HTML do not keep a start from its answer, nor mix twice', async () => {
    const room = newRoom(
      { kind: 'hang' },
      { kind: 'carry-out', isAnswered: Promise.resolve(false) },
      { kind: 'reset' },
      { kind: 'body', status: 502, text: '<html>Bad gateway</html>' },
    )
    const answer = await answerOf(startOf(room, 'other'))
    assert.deepEqual([answer?.code, answer?.streamNames], [200, [`${room}_mix360`, `${room}_mix480`]])
    assert.equal(vendor.mixes.get(room), 'other')
    assert.deepEqual(
      callsOf(room).map(({ changed }) => changed),
      [false, true, false, false, false],
    )
  })

  test('a vendor that never answers is NoAnswer before the deadline', async () => {
    const room = newRoom(...Array<Behaviour>(50).fill({ kind: 'hang' }))
    const command = { ...startOf(room, 'other'), deadline: Date.now() + 10_000 }
    const answer = await answerOf(command)
    assert.deepEqual([answer?.code, answer?.reason], [3000, 'NoAnswer'])
    assert.ok((answer?.occurredAt ?? Infinity) < command.deadline)
  })
})

test('a stop of what is stopped is a success', async () => {
  const room = newRoom()
  await stage.send(stopOf(room, 'other'))
  const [answer] = await stage.answersOf(room, 1)
  assert.deepEqual([answer?.action, answer?.code, answer?.reason], ['stop', 200, ''])
})

test('a kill between the effect and the answer leads to one mix and one answer for each command', async () => {
  const never = Promise.withResolvers<boolean>()
  const room = newRoom({ kind: 'carry-out', isAnswered: never.promise })
  await stage.send({ ...startOf(room, 'other', 4), deadline: Date.now() + 60_000 })
  await until('the vendor has carried the start out', () => vendor.mixes.has(room))
  await stage.mixer.kill()
  await stage.mixer.start()
  await stage.mixer.ready()
  const [started] = await stage.answersOf(room, 1, 60_000)
  await stage.send(stopOf(room, 'other', 5))
  const answers = await stage.answersOf(room, 2)
  never.resolve(false)

  assert.deepEqual(
    answers.map(({ eventId, generation, code, reason }) => [eventId, generation, code, reason]),
    [
      [`${room}.start.4.answer`, 4, 200, ''],
      [`${room}.stop.5.answer`, 5, 200, ''],
    ],
  )
  assert.deepEqual(started?.streamNames, [`${room}_mix360`, `${room}_mix480`])
  assert.deepEqual(
    callsOf(room).map(({ action, changed }) => [action, changed]),
    [
      ['StartMixStreamsService', true],
      ['StartMixStreamsService', false],
      ['StopMixStreamsService', true],
    ],
  )
})

test('the log of all this holds no secret and no signature', async () => {
  const log = await stage.readLog()
  assert.match(log, /did not answer a mix command/)
  assert.match(log, /takes no commands from us/)
  assert.ok(vendor.signatures.length > 10)
  const { accessKeyId, accessKeySecret } = vendorCredentials
  const secrets = [accessKeyId, accessKeySecret, ...vendor.signatures]
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
  assert.deepEqual(
    forms.filter((form) => log.includes(form)),
    [],
  )
})
