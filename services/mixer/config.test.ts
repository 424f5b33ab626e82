import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { isFault } from '../shared/fault.ts'
import { readMixerConfig } from './config.ts'

const local = { ALLOW_INSECURE_LOCAL: '1' }
const aliyun = { MIXER_ADAPTER: 'aliyun', ALIYUN_ACCESS_KEY_ID: 'id', ALIYUN_ACCESS_KEY_SECRET: 'secret' }
type Env = Readonly<Record<string, string>>

const callbacksOf = (env: Env) => {
  const { adapter } = readMixerConfig(env)
  assert.ok(adapter.kind !== 'aliyun')
  return adapter.callbacks
}
const refuses = (env: Env, key: string): void =>
  assert.throws(
    () => readMixerConfig(env),
    (error) => isFault(error, 'CONFIG_INVALID') && error.message.includes(key),
  )

test('the failures on request are read, and a bad one stops the start and names the key', () => {
  const { adapter } = readMixerConfig({ ...local, MIXER_SIMULATED_FAIL: 'start:InvalidArgument' })
  assert.ok(adapter.kind === 'simulated')
  assert.deepEqual(adapter.failures, { start: [{ word: 'InvalidArgument', share: 1 }], stop: [], status: [] })
  refuses({ ...local, MIXER_SIMULATED_FAIL: 'begin:InternalError' }, 'MIXER_SIMULATED_FAIL')
})

test('callbacks go to ingest on this machine, unless another place is given', () => {
  assert.equal(callbacksOf(local).ingestUrl, 'http://127.0.0.1:8080')
  assert.equal(callbacksOf({ ...local, INGEST_PORT: '9000' }).ingestUrl, 'http://127.0.0.1:9000')
  assert.equal(callbacksOf({ ...local, INGEST_URL: 'http://in/' }).ingestUrl, 'http://in')
  refuses({ ...local, INGEST_PORT: '0' }, 'INGEST_URL')
})

test('without a key for callbacks only a local run starts', () => {
  for (const kind of ['simulated', 'ffmpeg']) {
    assert.equal(callbacksOf({ MIXER_ADAPTER: kind, ALI_CALLBACK_KEY: 'k' }).callbackKey, 'k')
    refuses({ MIXER_ADAPTER: kind }, 'ALI_CALLBACK_KEY')
  }
})

test('the real cloud needs its keys, and no way back to ingest: it calls by itself', () => {
  const { adapter } = readMixerConfig({ ...aliyun, INGEST_PORT: '0' })
  assert.deepEqual(adapter, {
    kind: 'aliyun',
    endpoint: 'https://live.aliyuncs.com',
    apiVersion: '2016-11-01',
    accessKeyId: 'id',
    accessKeySecret: 'secret',
    securityToken: undefined,
    timeoutMs: 3_000,
  })
  for (const key of ['ALIYUN_ACCESS_KEY_ID', 'ALIYUN_ACCESS_KEY_SECRET']) refuses({ ...aliyun, [key]: '' }, key)
  refuses({ ...aliyun, ALIYUN_ENDPOINT: 'live.aliyuncs.com' }, 'ALIYUN_ENDPOINT')
  refuses({ ...aliyun, ALIYUN_ENDPOINT: 'http://live.aliyuncs.com' }, 'ALIYUN_ENDPOINT')
  assert.ok(readMixerConfig({ ...aliyun, ...local, ALIYUN_ENDPOINT: 'http://127.0.0.1:1' }))
  for (const shown of ['*', 'other, httpx:*', 'httpx', 'h*']) refuses({ ...aliyun, DEBUG: shown }, 'DEBUG')
  assert.ok(readMixerConfig({ ...aliyun, DEBUG: 'express:router' }))
})

test('the cloud in a box keeps its memory in DATA_DIR and finds the media server by its ports', () => {
  const { adapter } = readMixerConfig({
    ...local,
    MIXER_ADAPTER: 'ffmpeg',
    DATA_DIR: 'here',
    MEDIA_RTMP_PORT: '1',
    MEDIA_MIX_PORT: '2',
    MEDIA_HTTP_PORT: '3',
    MIXER_MEDIA_PORT: '4',
    MIXER_FFMPEG_SIZE: '1280x720',
    MIXER_FFMPEG_MAX_MEMORY_MB: '100',
  })
  assert.ok(adapter.kind === 'ffmpeg')
  assert.equal(adapter.folder, resolve('here/mixer'))
  assert.deepEqual(adapter.ports, { rtmp: 1, mix: 2, http: 3, notify: 4 })
  assert.deepEqual(adapter.size, { width: 1280, height: 720 })
  assert.equal(adapter.maxMemoryBytes, 100 * 1024 * 1024)
})

for (const bad of ['640', '640x', '642x360', '640x361', '4096x2160']) {
  test(`a picture of ${bad} stops the start and names the key`, () => {
    refuses({ ...local, MIXER_ADAPTER: 'ffmpeg', MIXER_FFMPEG_SIZE: bad }, 'MIXER_FFMPEG_SIZE')
  })
}

test('an adapter that is not there is named with those that are', () => {
  refuses({ ...local, MIXER_ADAPTER: 'tencent' }, 'simulated, aliyun or ffmpeg')
})
