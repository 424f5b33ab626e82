import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { startOf, stopOf, testMixCloud } from '../../../test/contract/mix-cloud.ts'
import { until } from '../../../test/support/until.ts'
import { startVendorServer, vendorCredentials } from '../../../test/support/vendor-server.ts'
import type { Behaviour, VendorServer } from '../../../test/support/vendor-server.ts'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { createAliyunCloud } from './aliyun.ts'
import type { AliyunCloud, AliyunCloudOptions } from './aliyun.ts'

type Opened = {
  readonly cloud: AliyunCloud
  readonly vendor: VendorServer
  readonly logged: ReadonlyArray<{ readonly level: string; readonly fields: object; readonly message: string }>
  readonly close: () => Promise<void>
}

const openCloud = async (
  vendorOptions: Parameters<typeof startVendorServer>[0] = {},
  options: Partial<AliyunCloudOptions> = {},
): Promise<Opened> => {
  const vendor = await startVendorServer(vendorOptions)
  const logged: Array<Opened['logged'][number]> = []
  const keep = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message })
  const log: Log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
  const cloud = createAliyunCloud({
    endpoint: vendor.url,
    apiVersion: '2016-11-01',
    ...vendorCredentials,
    securityToken: undefined,
    playHost: 'play.example',
    app: 'Demo',
    timeoutMs: 5_000,
    log,
    ...options,
  })
  return {
    cloud,
    vendor,
    logged,
    close: async () => {
      await cloud.close()
      await vendor.close()
    },
  }
}

const openFor = async (t: TestContext, ...rest: Parameters<typeof openCloud>): Promise<Opened> => {
  const opened = await openCloud(...rest)
  t.after(opened.close)
  return opened
}

const openWith = (t: TestContext, behaviour: Behaviour, options: Partial<AliyunCloudOptions> = {}) =>
  openFor(t, { behave: () => behaviour }, options)

const signal = (): AbortSignal => AbortSignal.timeout(20_000)
const startAB = (cloud: AliyunCloud, within = signal()) => cloud.startMix(startOf('roomA', 'roomB'), within)
const stopAB = (cloud: AliyunCloud) => cloud.stopMix(stopOf('roomA', 'roomB'), signal())

const faultOf = async (promise: Promise<unknown>): Promise<Fault> => {
  const error: unknown = await promise.then(
    () => new Error('it was answered'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Fault, String(error))
  return error
}

testMixCloud({
  name: 'aliyun',
  open: ({ refusing }) =>
    openCloud(
      refusing === undefined
        ? {}
        : {
            behave: (_, { action }) =>
              action === 'StartMixStreamsService' ? { kind: 'error', code: refusing } : { kind: 'carry-out' },
          },
    ),
})

testMixCloud({
  name: 'aliyun, where a repetition is an error',
  open: ({ refusing }) =>
    openCloud({
      repeats: 'error',
      behave: (_, { action }) =>
        refusing !== undefined && action === 'StartMixStreamsService'
          ? { kind: 'error', code: refusing }
          : { kind: 'carry-out' },
    }),
})

test('a start and a stop carry all the parameters of the contract, signed', async (t) => {
  const { cloud, vendor } = await openFor(t)
  assert.deepEqual(await startAB(cloud), { accepted: true, streamNames: ['roomA_mix360', 'roomA_mix480'] })
  assert.deepEqual([...vendor.mixes], [['roomA', 'roomB']])
  assert.deepEqual(await stopAB(cloud), { accepted: true, streamNames: [] })
  assert.equal(vendor.mixes.size, 0)

  const standing = ['Timestamp', 'SignatureNonce', 'Signature', 'SignatureMethod', 'SignatureVersion', 'AccessKeyId']
  // In the body of a POST: what is in a URL ends in the logs of whatever is on the way.
  assert.deepEqual(
    vendor.calls.map(({ method }) => method),
    ['POST', 'POST'],
  )
  const said = vendor.calls.map(({ parameters }) =>
    Object.fromEntries(Object.entries(parameters).filter(([name]) => !standing.includes(name))),
  )
  const both = {
    Format: 'JSON',
    Version: '2016-11-01',
    MainDomainName: 'play.example',
    MainAppName: 'Demo',
    MainStreamName: 'roomA',
    MixDomainName: 'play.example',
    MixAppName: 'Demo',
    MixStreamName: 'roomB',
  }
  assert.deepEqual(said, [
    { ...both, Action: 'StartMixStreamsService', MixType: 'channel', MixTemplate: 'side_by_side' },
    { ...both, Action: 'StopMixStreamsService' },
  ])
})

test('temporary credentials send their token, and values that need encoding are signed as they are sent', async (t) => {
  const credentials = { accessKeyId: 'STS.id', accessKeySecret: 'secret', securityToken: 'CAIS+token/with= (odd)*~é' }
  const { cloud, vendor } = await openFor(t, { credentials }, { ...credentials, app: "App 'x' (1)*~+&=é" })
  assert.ok((await startAB(cloud)).accepted)
  assert.equal(vendor.calls[0]?.parameters['MainAppName'], "App 'x' (1)*~+&=é")
  assert.deepEqual(vendor.turnedAway, [])
})

for (const status of [200, 400, 404, 500, 503])
  test(`an error body is a refusal with the vendor's word and message, also with HTTP ${status}`, async (t) => {
    const { cloud } = await openWith(t, {
      kind: 'error',
      status,
      code: 'InternalError.Busy',
      message: 'come back later',
    })
    const refused = { accepted: false, error: 'InternalError.Busy', message: 'come back later' }
    assert.deepEqual([await startAB(cloud), await stopAB(cloud)], [refused, refused])
  })

test('a refusal without a message says its word', async (t) => {
  const { cloud } = await openWith(t, { kind: 'body', status: 400, text: '{"Code":"Odd","Message":null}' })
  assert.deepEqual(await startAB(cloud), { accepted: false, error: 'Odd', message: 'Odd' })
})

test('a start of what runs is accepted where the vendor calls it an error; without a list no streams are invented', async (t) => {
  const { cloud, vendor } = await openFor(t, { repeats: 'bare-error' })
  await startAB(cloud)
  assert.deepEqual(await startAB(cloud), { accepted: true, streamNames: [] })
  assert.equal(vendor.mixes.size, 1)
})

test('a stop that finds no mix or no stream is accepted; a start without its stream is refused', async (t) => {
  const gone = await openWith(t, { kind: 'error', status: 404, code: 'NoSuchStream' })
  assert.deepEqual(await stopAB(gone.cloud), { accepted: true, streamNames: [] })
  assert.deepEqual(await startAB(gone.cloud), { accepted: false, error: 'NoSuchStream', message: 'says NoSuchStream' })
  const unmixed = await openWith(t, { kind: 'error', status: 404, code: 'MixStreamNotExist.Main' })
  assert.deepEqual(await stopAB(unmixed.cloud), { accepted: true, streamNames: [] })
  assert.equal((await startAB(unmixed.cloud)).accepted, false)
})

test('a stop of what is said to exist already is no success', async (t) => {
  const { cloud } = await openWith(t, { kind: 'error', code: 'MixStreamAlreadyExist' })
  assert.equal((await stopAB(cloud)).accepted, false)
})

const lists: ReadonlyArray<readonly [string, unknown, readonly string[]]> = [
  ['no list', undefined, []],
  ['an empty list', { MixStreamsInfo: [] }, []],
  ['one stream without a list around it', { MixStreamsInfo: { StreamName: 'one' } }, ['one']],
  ['unknown fields', { More: 1, MixStreamsInfo: [{ StreamName: 'one', Bitrate: 9 }] }, ['one']],
  ['entries without a name', { MixStreamsInfo: [{}, null, { StreamName: '' }, { StreamName: 'two' }] }, ['two']],
  ['null', null, []],
]
for (const [what, MixStreamsInfoList, streamNames] of lists)
  test(`an accepted start may list ${what}`, async (t) => {
    const text = JSON.stringify({ RequestId: 'r', Extra: { deep: true }, MixStreamsInfoList })
    const { cloud } = await openWith(t, { kind: 'body', status: 200, text })
    assert.deepEqual(await startAB(cloud), { accepted: true, streamNames })
  })

const unreadable: ReadonlyArray<readonly [string, Behaviour]> = [
  ['a page of HTML', { kind: 'body', status: 200, text: '<html>Bad gateway</html>' }],
  ['a gateway’s error page', { kind: 'body', status: 502, text: '<html>Bad gateway</html>' }],
  ['nothing', { kind: 'body', status: 200, text: '' }],
  ['half an answer', { kind: 'body', status: 200, text: '{"RequestId":"r","Mix' }],
  ['JSON that is no object', { kind: 'body', status: 200, text: 'null' }],
  ['an object without RequestId', { kind: 'body', status: 200, text: '{"ok":true}' }],
  ['HTTP 500 without an error’s word', { kind: 'body', status: 500, text: '{"RequestId":"r"}' }],
  ['HTTP 302', { kind: 'body', status: 302, text: '{"RequestId":"r"}', headers: { location: '/elsewhere' } }],
  ['an error’s word that is no word', { kind: 'body', status: 400, text: '{"Code":{"a":1},"Message":"m"}' }],
  ['a cut connection', { kind: 'reset' }],
]
for (const [what, behaviour] of unreadable)
  test(`${what} is no answer: a retriable fault`, async (t) => {
    const { cloud } = await openWith(t, behaviour)
    const fault = await faultOf(startAB(cloud))
    assert.deepEqual([fault.code, fault.retriable, fault.cause], ['CLOUD_UNREACHABLE', true, undefined])
  })

test('a cloud that nobody listens for is a retriable fault that names the system’s word', async (t) => {
  const { cloud, vendor } = await openFor(t)
  await vendor.close()
  t.mock.method(vendor, 'close', async () => {})
  const fault = await faultOf(startAB(cloud))
  assert.equal(fault.message, 'the video cloud gave no answer: ECONNREFUSED')
  assert.ok(fault.retriable)
})

const drip = { kind: 'drip', bytes: Buffer.alloc(10_000, ' ') } as const
const endless: ReadonlyArray<readonly [string, Behaviour]> = [
  ['hangs', { kind: 'hang' }],
  ['drips', drip],
  // Here the library keeps waiting for the unpacked rest.
  ['drips, compressed', { ...drip, bytes: gzipSync(randomBytes(10_000)), headers: { 'content-encoding': 'gzip' } }],
]
for (const [what, behaviour] of endless)
  test(`an answer that ${what} is given up after the timeout, and its connection is closed`, async (t) => {
    const { cloud, vendor } = await openWith(t, behaviour, { timeoutMs: 300 })
    const fault = await faultOf(startAB(cloud))
    assert.equal(fault.message, 'the video cloud gave no answer: timeout')
    assert.ok(fault.retriable)
    await until('the connection is closed', () => vendor.openConnections() === 0)
  })

test('a connection that is taken but never served is given up after the timeout', async (t) => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  t.after(() => server.close())
  const { cloud } = await openFor(t, {}, { endpoint: `http://127.0.0.1:${address.port}`, timeoutMs: 300 })
  assert.equal((await faultOf(startAB(cloud))).message, 'the video cloud gave no answer: timeout')
})

test('an endless answer is cut long before the timeout', async (t) => {
  const { cloud, vendor } = await openWith(t, { kind: 'flood' }, { timeoutMs: 60_000 })
  const fault = await faultOf(startAB(cloud))
  assert.ok(fault.retriable)
  await until('the connection is closed', () => vendor.openConnections() === 0)
})

test('the limit is one of a single answer: a kept connection carries any number of them', async (t) => {
  const text = JSON.stringify({ RequestId: 'r', Filling: 'x'.repeat(40_000) })
  const { cloud, vendor } = await openWith(t, { kind: 'body', status: 200, text })
  for (let nth = 0; nth < 5; nth++) assert.ok((await startAB(cloud)).accepted)
  assert.equal(vendor.takenConnections(), 1)
})

test('a compressed answer that nobody asked for is read, or given up in time', async (t) => {
  const headers = { 'content-encoding': 'gzip' }
  const packed = { kind: 'body', status: 200, text: gzipSync('{"RequestId":"r"}'), headers } as const
  assert.ok((await startAB((await openWith(t, packed)).cloud)).accepted)
  const broken = { ...packed, text: Buffer.from('no gzip') }
  assert.ok((await faultOf(startAB((await openWith(t, broken)).cloud))).retriable)
})

for (const [what, behaviour] of endless)
  test(`a command that is aborted while its answer ${what} rejects with the abort's reason`, async (t) => {
    let bytes = 0
    const counting = behaviour.kind === 'drip' ? { ...behaviour, onByte: () => bytes++ } : behaviour
    const { cloud, vendor } = await openWith(t, counting)
    const controller = new AbortController()
    const pending = startAB(cloud, controller.signal)
    await until('the answer is under way', () => (behaviour.kind === 'drip' ? bytes > 10 : vendor.calls.length > 0))
    const reason = new Error('shutting down')
    controller.abort(reason)
    const outcome: unknown = await Promise.race([
      pending.catch((error: unknown) => error),
      until('the connection is closed', () => vendor.openConnections() === 0).then(() => 'it waits'),
    ])
    assert.equal(outcome, reason)
    await until('the connection is closed', () => vendor.openConnections() === 0)
  })

test('closing ends what is under way and what comes later', async (t) => {
  const { cloud, vendor } = await openWith(t, { kind: 'hang' }, { timeoutMs: 60_000 })
  const pending = faultOf(startAB(cloud))
  await until('the call has come', () => vendor.calls.length === 1)
  await cloud.close()
  assert.ok((await pending).retriable)
  assert.equal((await faultOf(stopAB(cloud))).message, 'the video cloud gave no answer: closed')
})

test('a lost answer leaves the mix running, and the repetition is accepted', async (t) => {
  const { cloud, vendor } = await openFor(t, {
    repeats: 'error',
    behave: (nth) => ({ kind: 'carry-out', isAnswered: Promise.resolve(nth > 1) }),
  })
  assert.ok((await faultOf(startAB(cloud))).retriable)
  assert.deepEqual(await startAB(cloud), { accepted: true, streamNames: ['roomA_mix360', 'roomA_mix480'] })
  assert.deepEqual(
    vendor.calls.map(({ changed }) => changed),
    [true, false],
  )
})

test('foreign credentials are an answer, and one line in the log says what to do, without a secret', async (t) => {
  const wrong = { accessKeySecret: 'not the secret', securityToken: 'CAIStoken' }
  const { cloud, logged, vendor } = await openFor(
    t,
    { credentials: { ...vendorCredentials, securityToken: 'CAIStoken' } },
    wrong,
  )
  const answers = [await startAB(cloud), await startAB(cloud), await stopAB(cloud)]
  for (const answer of answers)
    assert.deepEqual(answer, {
      accepted: false,
      error: 'SignatureDoesNotMatch',
      message: 'Specified signature is not matched with our calculation.',
    })
  assert.equal(logged.length, 1)
  assert.equal(logged[0]?.level, 'error')
  assert.match(inspect(logged[0]), /ALIYUN_ACCESS_KEY_SECRET/)
  assert.doesNotMatch(inspect(logged, { depth: 9 }), /not the secret|CAIStoken|LTAItestkey|test & secret/)
  assert.equal(vendor.signatures.length, 3)
})

for (const [code, step] of [
  ['InvalidAccessKeyId.NotFound', /ALIYUN_ACCESS_KEY_ID/],
  ['InvalidTimeStamp.Expired', /clock/],
  ['InvalidSecurityToken.Expired', /ALIYUN_SECURITY_TOKEN/],
  ['Forbidden.RAM', /allow/],
] as const)
  test(`${code} is an answer, and the log says what to do`, async (t) => {
    const { cloud, logged } = await openWith(t, { kind: 'error', code })
    assert.equal((await startAB(cloud)).accepted, false)
    assert.match(inspect(logged), step)
  })

test('other refusals are not logged here', async (t) => {
  const { cloud, logged } = await openWith(t, { kind: 'error', code: 'Throttling.User' })
  await startAB(cloud)
  assert.deepEqual(logged, [])
})

test('a secret that the vendor quotes, or that a broken request carries, goes nowhere', async (t) => {
  const credentials = { ...vendorCredentials, securityToken: 'CAIStoken' }
  const message = `you sent ${Object.values(credentials).join(' and ')} ${'!'.repeat(999)}`
  const quoting = await openFor(
    t,
    { credentials, behave: () => ({ kind: 'error', code: 'Odd', message }) },
    credentials,
  )
  const answer = await startAB(quoting.cloud)
  assert.ok(!answer.accepted)
  assert.match(answer.message, /^you sent \[secret\] and \[secret\] and \[secret\] !+$/)
  assert.equal(answer.message.length, 300)

  const cut = await openWith(t, { kind: 'reset' })
  const fault = await faultOf(startAB(cut.cloud))
  const shown = inspect(fault, { depth: 20, showHidden: true }) + JSON.stringify(fault)
  const [signature = ''] = cut.vendor.signatures
  assert.notEqual(signature, '')
  for (const secret of [...Object.values(vendorCredentials), signature, encodeURIComponent(signature)])
    assert.ok(!shown.includes(secret))
})

test('fifty commands at once are all answered, over connections that are used again', async (t) => {
  const { cloud, vendor } = await openFor(t)
  const rooms = Array.from({ length: 50 }, (_, nth) => `room${nth}`)
  for (let round = 0; round < 2; round++)
    for (const answer of await Promise.all(rooms.map((room) => cloud.startMix(startOf(room, 'other'), signal()))))
      assert.ok(answer.accepted)
  assert.equal(vendor.mixes.size, 50)
  assert.ok(vendor.openConnections() <= 50)
})
