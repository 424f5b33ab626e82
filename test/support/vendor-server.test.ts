import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createRpcGuard, rpcSignature, stringToSign } from './rpc-signature.ts'
import { startVendorServer, vendorCredentials } from './vendor-server.ts'

/** The example of the vendor's description of the signature, with its intermediate and final result. */
const published = {
  parameters: {
    Timestamp: '2016-02-23T12:46:24Z',
    Format: 'XML',
    AccessKeyId: 'testid',
    Action: 'DescribeRegions',
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf',
    Version: '2014-05-26',
    SignatureVersion: '1.0',
  },
  toSign:
    'GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%3DHMAC-SHA1' +
    '%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0' +
    '%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26',
  secret: 'testsecret',
  signature: 'OLeaidS1JvxuMvnyHOwuJ+uX5qY=',
}

test('the vendor’s published example has the published signature', () => {
  assert.equal(stringToSign('GET', published.parameters), published.toSign)
  assert.equal(rpcSignature('GET', published.parameters, published.secret), published.signature)
})

test('names are sorted by their bytes, and what RFC 3986 reserves is encoded, in UTF-8', () => {
  // By hand: capitals come before lower case, a name before those that begin with it; a blank is %20, `*` is %2A, `~` stays;
  // é is C3 A9; all encoded twice.
  assert.equal(
    stringToSign('POST', { b: 'a b*~', Z: 'é', Signature: 'x', 'a b': '1', a: '' }),
    'POST&%2F&Z%3D%25C3%25A9%26a%3D%26a%2520b%3D1%26b%3Da%2520b%252A~',
  )
})

const now = Date.parse('2026-05-05T12:00:00Z')
const { accessKeyId, accessKeySecret } = vendorCredentials

const unsigned = {
  Action: 'StopMixStreamsService',
  AccessKeyId: accessKeyId,
  Format: 'JSON',
  Version: '2016-11-01',
  SignatureMethod: 'HMAC-SHA1',
  SignatureVersion: '1.0',
  SignatureNonce: 'n1',
  Timestamp: '2026-05-05T12:00:00Z',
  MainStreamName: 'roomA',
}
type Parameters = Readonly<Record<string, string>>
const signed = (parameters: Parameters = unsigned, secret = accessKeySecret): Parameters => ({
  ...parameters,
  Signature: rpcSignature('POST', parameters, secret),
})
const judge = (parameters: Parameters, method = 'POST') =>
  createRpcGuard(vendorCredentials, '2016-11-01')(method, parameters, now)?.code

test('a request that is signed well passes, once', () => {
  const guard = createRpcGuard(vendorCredentials, '2016-11-01')
  assert.equal(guard('POST', signed(), now), undefined)
  assert.equal(guard('POST', signed(), now)?.code, 'SignatureNonceUsed')
  assert.equal(guard('POST', signed({ ...unsigned, SignatureNonce: 'n2' }), now), undefined)
})

test('whatever is changed after signing is noticed', () => {
  const good = signed()
  const changed = [
    { ...good, MainStreamName: 'roomB' },
    { ...good, MixStreamName: 'roomB' },
    { ...good, Action: 'StartMixStreamsService' },
    { ...good, SignatureNonce: 'n2' },
    signed(unsigned, 'another secret'),
  ]
  assert.deepEqual(
    changed.map((parameters) => judge(parameters)),
    changed.map(() => 'SignatureDoesNotMatch'),
  )
  assert.equal(judge(good, 'GET'), 'SignatureDoesNotMatch')
})

test('what is missing, foreign, or out of time has the vendor’s word', () => {
  const { Signature: _, ...bare } = signed()
  assert.deepEqual(
    [
      judge(bare),
      judge(signed({ ...unsigned, Format: 'XML' })),
      judge(signed({ ...unsigned, Version: '2014-05-26' })),
      judge(signed({ ...unsigned, AccessKeyId: 'another' })),
      judge(signed({ ...unsigned, SecurityToken: 'foreign' })),
      judge(signed({ ...unsigned, Timestamp: '2026-05-05 12:00:00' })),
      judge(signed({ ...unsigned, Timestamp: '2026-05-05T11:44:59Z' })),
      judge(signed({ ...unsigned, Timestamp: '2026-05-05T12:15:01Z' })),
      judge(signed({ ...unsigned, Timestamp: '2026-05-05T11:45:00Z' })),
    ],
    [
      'IncompleteSignature',
      'IncompleteSignature',
      'InvalidVersion',
      'InvalidAccessKeyId.NotFound',
      'InvalidSecurityToken.MismatchWithAccessKey',
      'InvalidTimeStamp.Format',
      'InvalidTimeStamp.Expired',
      'InvalidTimeStamp.Expired',
      undefined,
    ],
  )
})

const openFor = async (t: TestContext) => {
  const server = await startVendorServer()
  t.after(server.close)
  const post = async (parameters: Parameters) => {
    const response = await fetch(server.url, { method: 'POST', body: new URLSearchParams(parameters) })
    const body: unknown = await response.json()
    return { status: response.status, body }
  }
  return { server, post }
}

test('over HTTP a good request is carried out, and one that was changed changes nothing', async (t) => {
  const { server, post } = await openFor(t)
  const Timestamp = `${new Date().toISOString().slice(0, 19)}Z`
  const names = ['MainDomainName', 'MainAppName', 'MixDomainName', 'MixAppName', 'MixType', 'MixTemplate']
  const start = signed({
    ...unsigned,
    ...Object.fromEntries(names.map((name) => [name, 'a + b'])),
    Timestamp,
    Action: 'StartMixStreamsService',
    MixStreamName: 'roomB',
  })
  const refused = await post({ ...start, MixStreamName: 'roomC' })
  assert.equal(refused.status, 400)
  assert.equal(server.mixes.size, 0)

  const accepted = await post(start)
  assert.equal(accepted.status, 200)
  assert.match(JSON.stringify(accepted.body), /"StreamName":"roomA_mix360"/)
  assert.deepEqual([...server.mixes], [['roomA', 'roomB']])
  assert.deepEqual([server.calls.length, server.turnedAway], [1, ['SignatureDoesNotMatch']])
})
