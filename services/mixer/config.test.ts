import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '../shared/fault.ts'
import { readMixerConfig } from './config.ts'

const local = { ALLOW_INSECURE_LOCAL: '1' }

test('the failures on request are read by action', () => {
  const read = (text: string) => readMixerConfig({ ...local, MIXER_SIMULATED_FAIL: text }).simulated.failures
  assert.deepEqual(read(''), { start: undefined, stop: undefined })
  assert.deepEqual(read('start:InvalidArgument'), { start: 'InvalidArgument', stop: undefined })
  assert.deepEqual(read(' stop:InternalError, start:NoSuchStream'), { start: 'NoSuchStream', stop: 'InternalError' })
})

for (const bad of ['start', 'begin:InternalError', 'start:', 'start:A,start:B', 'start:A B']) {
  test(`the failure "${bad}" stops the start and names the key`, () => {
    assert.throws(
      () => readMixerConfig({ ...local, MIXER_SIMULATED_FAIL: bad }),
      (error) => isFault(error, 'CONFIG_INVALID') && error.message.includes('MIXER_SIMULATED_FAIL'),
    )
  })
}

test('callbacks go to ingest on this machine, unless another place is given', () => {
  assert.equal(readMixerConfig(local).simulated.ingestUrl, 'http://127.0.0.1:8080')
  assert.equal(readMixerConfig({ ...local, INGEST_PORT: '9000' }).simulated.ingestUrl, 'http://127.0.0.1:9000')
  assert.equal(readMixerConfig({ ...local, INGEST_URL: 'http://in/' }).simulated.ingestUrl, 'http://in')
  assert.throws(
    () => readMixerConfig({ ...local, INGEST_PORT: '0' }),
    (error) => isFault(error, 'CONFIG_INVALID') && error.message.includes('INGEST_URL'),
  )
})

test('without a key for callbacks only a local run starts', () => {
  assert.equal(readMixerConfig({ ALI_CALLBACK_KEY: 'k' }).simulated.callbackKey, 'k')
  assert.throws(
    () => readMixerConfig({}),
    (error) => isFault(error, 'CONFIG_INVALID') && error.message.includes('ALI_CALLBACK_KEY'),
  )
})
