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
