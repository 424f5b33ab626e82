import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { until } from '../../../test/support/until.ts'
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
let published: object = { keys }
let fetches = 0
const server = createServer((_request, response) => {
  fetches += 1
  response.writeHead(status).end(JSON.stringify(published))
})
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
  published = { keys: 'none' }
  assert.deepEqual(await createTokenVerifier({ secret: undefined, jwksUrl })(await sign(es)), unverifiable)
  published = { keys }
  const absent = createTokenVerifier({ secret: undefined, jwksUrl: 'http://127.0.0.1:1/keys' })
  assert.deepEqual(await absent(await sign(es)), unverifiable)
})

/** A verifier whose clock is set by hand, and how often it has asked for the keys. */
const withClock = () => {
  let nowMs = 0
  const refresh = { refreshAfterMs: 60_000, cooldownMs: 1_000, timeoutMs: 500 }
  const verify = createTokenVerifier({ secret, jwksUrl, refresh, clock: { now: () => nowMs } })
  const before = fetches
  return { verify, pass: (ms: number) => (nowMs += ms), asked: () => fetches - before }
}

test('bearers of a key that is known come in while the keys cannot be fetched, however old they are', async () => {
  const { verify, pass, asked } = withClock()
  assert.deepEqual(await verify(await sign(rs)), valid)
  status = 500
  for (let hours = 1; hours <= 3; hours += 1) {
    pass(3_600_000)
    assert.deepEqual(await verify(await sign(rs)), valid)
    await until('it was asked again, beside that', () => asked() === 1 + hours)
  }
  const stranger = await generateKeyPair('ES256')
  const unknown = await sign({ alg: 'ES256', kid: 'new', key: stranger.privateKey })
  pass(2_000)
  assert.deepEqual(await verify(unknown), { ok: false, why: 'unverifiable' })
  status = 200
})

test('many tokens cause one fetch, and a fetch that failed is not repeated at once', async () => {
  const { verify, pass, asked } = withClock()
  const token = await sign(es)
  status = 500
  for (const { ok } of await Promise.all(Array.from({ length: 50 }, () => verify(token)))) assert.equal(ok, false)
  assert.equal((await verify(token)).ok, false)
  assert.equal(asked(), 1)
  status = 200
  pass(1_000)
  for (const { ok } of await Promise.all(Array.from({ length: 50 }, () => verify(token)))) assert.equal(ok, true)
  assert.equal(asked(), 2)
})

test('a key that was published later is found, and one that nobody published is not asked for again and again', async () => {
  const { verify, pass, asked } = withClock()
  assert.deepEqual(await verify(await sign(rs)), valid)
  const fresh = await generateKeyPair('ES256')
  const token = await sign({ alg: 'ES256', kid: 'fresh', key: fresh.privateKey })
  for (let count = 0; count < 20; count += 1) assert.deepEqual(await verify(token), invalid)
  assert.equal(asked(), 1)
  published = { keys: [...keys, { ...(await exportJWK(fresh.publicKey)), kid: 'fresh', alg: 'ES256' }] }
  pass(1_000)
  assert.deepEqual(await verify(token), valid)
  published = { keys: [] }
  pass(60_000)
  assert.deepEqual(await verify(token), valid)
  await until('the keys were fetched beside that', () => asked() === 3)
  await until('the key that was taken back is no key any more', async () => !(await verify(token)).ok)
  published = { keys }
})

test('a slow key server holds up nobody whose key is known', async () => {
  const held = createServer(() => {})
  held.listen(0, '127.0.0.1')
  await once(held, 'listening')
  const heldAt = held.address()
  assert.ok(typeof heldAt === 'object' && heldAt !== null)
  const refresh = { refreshAfterMs: 60_000, cooldownMs: 1_000, timeoutMs: 2_000 }
  const verify = createTokenVerifier({ secret, jwksUrl: `http://127.0.0.1:${heldAt.port}/`, refresh })
  const bySlowKey = await sign(rs)
  const slow = Array.from({ length: 100 }, () => verify(bySlowKey))
  let isSlowDone = false
  const done = Promise.all(slow).then(() => (isSlowDone = true))
  assert.deepEqual(await verify(await sign(hs)), valid)
  assert.equal(isSlowDone, false)
  await done
  assert.deepEqual(await slow[0], { ok: false, why: 'unverifiable' })
  held.close()
})

test('what a token says of times and names is taken only where it makes sense', async () => {
  const of = async (claims: Record<string, unknown>) =>
    bySecret(await sign(hs, { sub: 'u1', exp: inOneHour, ...claims }))
  for (const exp of ['soon', String(inOneHour), null, true, [inOneHour], {}])
    assert.deepEqual(await of({ exp }), invalid)
  for (const sub of [7, null, true, ['u1'], {}]) assert.deepEqual(await of({ sub }), invalid)
  for (const rooms of [{}, 7, null, true, ['r1', null], [['r1']]]) assert.deepEqual(await of({ rooms }), invalid)
  assert.deepEqual(await of({ nbf: inOneHour }), invalid, 'not yet valid')
  assert.deepEqual(await of({ nbf: 'now' }), invalid)
  assert.deepEqual(await of({ exp: 1e300 }), { ok: true, claims: { ...valid.claims, expiresAt: 1e303 } })
  assert.deepEqual(await of({ exp: -1 }), { ok: false, why: 'expired' })
  assert.deepEqual(await of({ rooms: [] }), { ok: true, claims: { ...valid.claims, rooms: new Set() } })
})

test('a header that asks for another way of checking is not obeyed', async () => {
  const sneaky = [
    { alg: 'HS256', crit: ['b64'], b64: false },
    { alg: 'hs256' },
    { alg: 'none' },
    { alg: ['HS256'] },
    { alg: 'RS256', jwk: keys[0] },
    { alg: 'HS256', kid: '../../../dev/null', crit: ['kid'] },
  ]
  const [, payload = '', signature = ''] = (await sign(hs)).split('.')
  for (const header of sneaky) {
    const encoded = Buffer.from(JSON.stringify(header)).toString('base64url')
    assert.deepEqual(await bySecret(`${encoded}.${payload}.${signature}`), invalid)
    assert.deepEqual(await byBoth(`${encoded}.${payload}.`), invalid)
  }
  const ownKey = await generateKeyPair('RS256')
  const jwk = await exportJWK(ownKey.publicKey)
  const selfMade = await new SignJWT({ sub: 'u1', exp: inOneHour })
    .setProtectedHeader({ alg: 'RS256', kid: 'rsa', jwk, jku: 'http://127.0.0.1:1/' })
    .sign(ownKey.privateKey)
  assert.deepEqual(await byBoth(selfMade), invalid)
})

test('no change to a good token leaves it good', async () => {
  for (const token of [await sign(hs), await sign(rs), await sign(es)]) {
    const cut = fc.nat(token.length - 1).map((length) => token.slice(0, length))
    const longer = fc.string({ minLength: 1 }).map((more) => token + more)
    // the last character of a part may have bits that mean nothing
    const ends = new Set([token.indexOf('.') - 1, token.lastIndexOf('.') - 1, token.length - 1])
    const changed = fc
      .tuple(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }))
      .filter(([at, by]) => !ends.has(at) && token[at] !== by)
      .map(([at, by]) => token.slice(0, at) + by + token.slice(at + 1))
    await fc.assert(
      fc.asyncProperty(fc.oneof(cut, longer, changed), async (spoilt) => {
        assert.deepEqual(await byBoth(spoilt), invalid)
      }),
      { numRuns: 150 },
    )
  }
})

test('no text at all makes the check throw', async () => {
  const part = fc.oneof(
    fc.base64String(),
    fc.json().map((json) => Buffer.from(json).toString('base64url')),
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.')),
  )
  await fc.assert(
    fc.asyncProperty(text, async (token) => {
      assert.equal((await byBoth(token)).ok, false)
    }),
  )
})
