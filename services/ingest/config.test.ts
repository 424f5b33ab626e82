import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '../shared/fault.ts'
import { readIngestConfig } from './config.ts'

const keys = { INGEST_API_KEYS: 'a-key-of-16-chars,another-key-of-more', ALI_CALLBACK_KEY: 'signed' }
const complaintOf = (env: Record<string, string>): string => {
  try {
    readIngestConfig(env)
  } catch (error) {
    assert.ok(isFault(error, 'CONFIG_INVALID'))
    return error.message
  }
  return assert.fail('the configuration was taken')
}

test('with the keys, everything else has a default', () => {
  const config = readIngestConfig(keys)
  assert.deepEqual(config.apiKeys, ['a-key-of-16-chars', 'another-key-of-more'])
  assert.equal(config.callbackKey, 'signed')
  assert.equal(config.port, 8080)
  assert.equal(config.adminPort, 9464)
  assert.equal(config.maxBodyBytes, 16_384)
  assert.equal(config.rateLimitPerSecond, 0)
})

test('without keys the start is refused, and every missing key is named', () => {
  assert.match(complaintOf({}), /INGEST_API_KEYS.*ALI_CALLBACK_KEY/)
  assert.doesNotMatch(complaintOf({ INGEST_API_KEYS: keys.INGEST_API_KEYS }), /INGEST_API_KEYS/)
})

test('a local run may go without keys, and the keys that are set count', () => {
  assert.equal(readIngestConfig({ ALLOW_INSECURE_LOCAL: '1' }).apiKeys, undefined)
  assert.equal(readIngestConfig({ ALLOW_INSECURE_LOCAL: '1', ...keys }).apiKeys?.length, 2)
})

test('a short API key is refused without being shown', () => {
  const complaint = complaintOf({ ...keys, INGEST_API_KEYS: 'a-key-of-16-chars,tooshort' })
  assert.match(complaint, /INGEST_API_KEYS.*16 characters/)
  assert.doesNotMatch(complaint, /tooshort/)
})

test('a bad number names its key', () => {
  assert.match(complaintOf({ ...keys, INGEST_MAX_BODY_BYTES: 'many' }), /INGEST_MAX_BODY_BYTES/)
  assert.match(complaintOf({ ...keys, INGEST_PORT: '70000' }), /INGEST_PORT/)
})

test('lists of addresses are taken apart; unset, they are undefined', () => {
  const read = (extra: Record<string, string>) => readIngestConfig({ ...keys, ...extra })
  assert.equal(read({}).callbackAllow, undefined)
  assert.equal(read({}).trustedProxies, undefined)
  assert.deepEqual(read({ ALI_CALLBACK_ALLOW: ' 203.0.113.0/24, 2001:db8::/32 ,' }).callbackAllow, [
    '203.0.113.0/24',
    '2001:db8::/32',
  ])
  assert.deepEqual(read({ INGEST_TRUSTED_PROXIES: '10.0.0.1' }).trustedProxies, ['10.0.0.1'])
})

for (const name of ['ALI_CALLBACK_ALLOW', 'INGEST_TRUSTED_PROXIES']) {
  test(`an entry of ${name} that is no address stops the start and names the key`, () => {
    for (const entries of ['203.0.113.7,localhost', '203.0.113.0/33', '10.0.0.1;10.0.0.2', ','])
      assert.match(complaintOf({ ...keys, [name]: entries }), new RegExp(name))
  })
}

test('probes go every 5 s unless it is said otherwise, and not in a flood', () => {
  assert.equal(readIngestConfig(keys).probeMs, 5_000)
  assert.equal(readIngestConfig({ ...keys, INGEST_PROBE_MS: '0' }).probeMs, 0)
  assert.equal(readIngestConfig({ ...keys, INGEST_PROBE_MS: '100' }).probeMs, 100)
  for (const value of ['99', '60001', '-1']) {
    assert.match(complaintOf({ ...keys, INGEST_PROBE_MS: value }), /INGEST_PROBE_MS/)
  }
})
