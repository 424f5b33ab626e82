import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { createTokenVerifier } from './tokens.ts'

const secret = 'short'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const inOneHour = Math.floor(Date.now() / 1000) + 3_600

const rsa = await generateKeyPair('RS256')
const ec = await generateKeyPair('ES256')
const keys = [
  { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256' },
  { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256' },
]
let status = 200
const server = createServer((_request, response) => response.writeHead(status).end(JSON.stringify({ keys })))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => server.close())
const address = server.address()
assert.ok(typeof address === 'object' && address !== null)
const jwksUrl = `http://127.0.0.1:${address.port}/keys`

type Signing = Parameters<SignJWT['sign']>[0]
const sign = (
  { alg, kid, key }: { alg: string; kid?: string; key: Signing },
  claims: Record<string, unknown> = { sub: 'u1', exp: inOneHour },
): Promise<string> => new SignJWT(claims).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key)

const hs = { alg: 'HS256', key: bytes(secret) }
const rs = { alg: 'RS256', kid: 'rsa', key: rsa.privateKey }
const es = { alg: 'ES256', kid: 'ec', key: ec.privateKey }
const bySecret = createTokenVerifier({ secret, jwksUrl: undefined })
const byKeys = createTokenVerifier({ secret: undefined, jwksUrl })
const byBoth = createTokenVerifier({ secret, jwksUrl })

const valid = { ok: true, claims: { uid: 'u1', rooms: null, expiresAt: inOneHour * 1000 } }
const invalid = { ok: false, why: 'invalid' }

test('a token that the secret or a published key signed tells who its bearer is', async () => {
  assert.deepEqual(await bySecret(await sign(hs)), valid)
  assert.deepEqual(await byKeys(await sign(rs)), valid)
  assert.deepEqual(await byKeys(await sign(es)), valid)
  for (const signer of [hs, rs, es]) assert.deepEqual(await byBoth(await sign(signer)), valid)
})

test('the rooms of a token are a list of strings, or it is invalid', async () => {
  const claims = { sub: 'u1', exp: inOneHour, rooms: ['r1', 'r2'] }
  const verdict = await bySecret(await sign(hs, claims))
  assert.deepEqual(verdict, { ok: true, claims: { ...valid.claims, rooms: new Set(['r1', 'r2']) } })
  assert.deepEqual(await bySecret(await sign(hs, { ...claims, rooms: 'r1' })), invalid)
  assert.deepEqual(await bySecret(await sign(hs, { ...claims, rooms: [1] })), invalid)
})

test('a token needs a bearer of 1 to 128 characters and an end', async () => {
  const of = async (claims: Record<string, unknown>) => bySecret(await sign(hs, claims))
  assert.deepEqual(await of({ exp: inOneHour }), invalid)
  assert.deepEqual(await of({ sub: '', exp: inOneHour }), invalid)
  assert.deepEqual(await of({ sub: 'x'.repeat(129), exp: inOneHour }), invalid)
  assert.deepEqual(await of({ sub: 'u1' }), invalid)
  assert.equal((await of({ sub: 'x'.repeat(128), exp: inOneHour })).ok, true)
})

test('a token that has run out is told from one that never was good', async () => {
  assert.deepEqual(await bySecret(await sign(hs, { sub: 'u1', exp: 1 })), { ok: false, why: 'expired' })
  assert.deepEqual(await bySecret(await sign({ ...hs, key: bytes('other') }, { sub: 'u1', exp: 1 })), invalid)
})

test('forged, unsigned and meaningless tokens are invalid', async () => {
  const good = await sign(hs)
  const [header = '', , signature = ''] = good.split('.')
  const otherPayload = Buffer.from(JSON.stringify({ sub: 'u2', exp: inOneHour })).toString('base64url')
  const unsecured = new UnsecuredJWT({ sub: 'u1' }).setExpirationTime('1h').encode()
  const forged = [
    await sign({ ...hs, key: bytes('other') }),
    `${header}.${otherPayload}.${signature}`,
    unsecured,
    await sign({ alg: 'HS512', key: bytes(secret.repeat(20)) }),
    '',
    'a.b.c',
    '....',
    'é',
  ]
  for (const token of forged) {
    assert.deepEqual(await bySecret(token), invalid)
    assert.deepEqual(await byBoth(token), invalid)
  }
})

test('a public key never serves as a secret', async () => {
  const key = bytes(await exportSPKI(rsa.publicKey))
  const confused = await sign({ alg: 'HS256', kid: 'rsa', key })
  assert.deepEqual(await byKeys(confused), invalid)
  assert.deepEqual(await byBoth(confused), invalid)
})

test('a key that nobody published makes a token invalid', async () => {
  const other = await generateKeyPair('ES256')
  assert.deepEqual(await byKeys(await sign({ alg: 'ES256', kid: 'who', key: other.privateKey })), invalid)
  assert.deepEqual(await byKeys(await sign({ ...es, key: other.privateKey })), invalid)
})

test('when the published keys cannot be fetched, nothing is said of the token', async () => {
  const unverifiable = { ok: false, why: 'unverifiable' }
  status = 500
  const failing = createTokenVerifier({ secret: undefined, jwksUrl })
  assert.deepEqual(await failing(await sign(es)), unverifiable)
  status = 200
  const absent = createTokenVerifier({ secret: undefined, jwksUrl: 'http://127.0.0.1:1/keys' })
  assert.deepEqual(await absent(await sign(es)), unverifiable)
})
