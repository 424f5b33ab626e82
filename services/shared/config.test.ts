import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import {
  adminPort,
  durationMs,
  flag,
  kafkaConfig,
  kafkaSettings,
  logConfig,
  mediaConfig,
  mediaSettings,
  readConfig,
  registryAddress,
  registryConfig,
  whole,
} from './config.ts'
import { isFault } from './fault.ts'

const Config = z.object({
  ...kafkaConfig,
  ...registryConfig,
  ...mediaConfig,
  ...logConfig,
  TEST_ADMIN_PORT: adminPort(9464),
  GRACE_MS: durationMs(180_000),
  LIMIT: whole(10, { min: 1, max: 20 }),
  INSECURE: flag,
})

const complaint = (env: Record<string, string>): string => {
  try {
    readConfig(Config, env)
    return 'none'
  } catch (error) {
    assert.ok(isFault(error, 'CONFIG_INVALID'))
    return error.message
  }
}

test('an empty environment gives the defaults of a local run', () => {
  const config = readConfig(Config, {})
  assert.deepEqual(kafkaSettings(config), { brokers: ['127.0.0.1:9092'], ssl: false, sasl: null })
  assert.equal(config.SCHEMA_REGISTRY_URL, 'http://127.0.0.1:8085/apis/ccompat/v7')
  assert.deepEqual(mediaSettings(config), {
    pushHost: 'push.localhost',
    playHost: 'play.localhost',
    rtmpPlayHost: undefined,
    app: 'DemoApp',
    authKey: undefined,
    mixSuffix: '_mix',
  })
  assert.deepEqual(
    [config.LOG_LEVEL, config.TEST_ADMIN_PORT, config.GRACE_MS, config.LIMIT, config.INSECURE],
    ['info', 9464, 180_000, 10, false],
  )
})

test('RTMP play addresses get a host of their own where one is given', () => {
  assert.equal(mediaSettings(readConfig(Config, { MEDIA_RTMP_PLAY_HOST: 'rtmp.example' })).rtmpPlayHost, 'rtmp.example')
})

test('what is set is read, lists with blanks around their entries', () => {
  const config = readConfig(Config, {
    KAFKA_BROKERS: 'a:1, b:2,',
    KAFKA_SSL: 'true',
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'me',
    KAFKA_SASL_PASSWORD: 'pw',
    TEST_ADMIN_PORT: '0',
    INSECURE: '1',
  })
  assert.deepEqual(kafkaSettings(config), {
    brokers: ['a:1', 'b:2'],
    ssl: true,
    sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'pw' },
  })
  assert.deepEqual([config.TEST_ADMIN_PORT, config.INSECURE], [0, true])
})

test('a key that is set to nothing counts as not set', () => {
  const config = readConfig(Config, { KAFKA_BROKERS: '', MEDIA_AUTH_KEY: '', LIMIT: '' })
  assert.deepEqual([config.KAFKA_BROKERS, config.MEDIA_AUTH_KEY, config.LIMIT], [['127.0.0.1:9092'], undefined, 10])
})

test('every bad key is named, at once', () => {
  const message = complaint({
    KAFKA_BROKERS: ' , ',
    KAFKA_SSL: 'maybe',
    SCHEMA_REGISTRY_URL: 'ftp://registry',
    TEST_ADMIN_PORT: '65536',
    GRACE_MS: '0',
    LIMIT: '21',
    LOG_LEVEL: 'loud',
  })
  for (const key of [
    'KAFKA_BROKERS',
    'KAFKA_SSL',
    'SCHEMA_REGISTRY_URL',
    'TEST_ADMIN_PORT',
    'GRACE_MS',
    'LIMIT',
    'LOG_LEVEL',
  ]) {
    assert.match(message, new RegExp(`${key}: `))
  }
})

test('a number has to be one, whole and in decimal digits', () => {
  for (const text of ['1.5', '1e3', '0x10', '-1', 'ten', ' 5', '9999999999999999']) {
    assert.match(complaint({ LIMIT: text }), /LIMIT: /, text)
  }
})

test('the complaint names no value, as it may be a secret', () => {
  const message = complaint({ KAFKA_SASL_MECHANISM: 'hush', SCHEMA_REGISTRY_URL: 'hush', LIMIT: 'hush' })
  assert.ok(!message.includes('hush'), message)
})

test('SASL without user or password is refused, naming what is missing', () => {
  const config = readConfig(Config, { KAFKA_SASL_MECHANISM: 'plain' })
  assert.throws(() => kafkaSettings(config), /KAFKA_SASL_USERNAME is missing/)
  assert.throws(() => kafkaSettings({ ...config, KAFKA_SASL_USERNAME: 'me' }), /KAFKA_SASL_PASSWORD is missing/)
})

test('certificates come from files, and belong to TLS', () => {
  const files = { KAFKA_SSL_CA_FILE: 'ca.crt', KAFKA_SSL_CERT_FILE: 'me.crt', KAFKA_SSL_KEY_FILE: 'me.key' }
  assert.deepEqual(kafkaSettings(readConfig(Config, { ...files, KAFKA_SSL: '1' })).ssl, {
    caFile: 'ca.crt',
    certFile: 'me.crt',
    keyFile: 'me.key',
  })
  const settingsOf = (env: Record<string, string>) => () => kafkaSettings(readConfig(Config, env))
  assert.throws(settingsOf(files), /KAFKA_SSL is missing \(KAFKA_SSL_CA_FILE is set\)/)
  assert.throws(settingsOf({ KAFKA_SSL: '1', KAFKA_SSL_CERT_FILE: 'me.crt' }), /KAFKA_SSL_KEY_FILE is missing/)
  assert.throws(settingsOf({ KAFKA_SSL: '1', KAFKA_SSL_KEY_FILE: 'me.key' }), /KAFKA_SSL_CERT_FILE is missing/)
})

test('a password comes from a file or from the environment, never from both, and not without a mechanism', () => {
  const env = { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'me' }
  const settingsOf = (more: Record<string, string>) => kafkaSettings(readConfig(Config, { ...env, ...more }))
  assert.deepEqual(settingsOf({ KAFKA_SASL_PASSWORD_FILE: '/secret' }).sasl, {
    mechanism: 'plain',
    username: 'me',
    passwordFile: '/secret',
  })
  assert.throws(
    () => settingsOf({ KAFKA_SASL_PASSWORD_FILE: '/secret', KAFKA_SASL_PASSWORD: 'pw' }),
    /KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE/,
  )
  assert.throws(() => settingsOf({ KAFKA_SASL_MECHANISM: '' }), /KAFKA_SASL_MECHANISM is missing/)
})

test("the registry's user and password go into its address, whatever characters they have", () => {
  const SCHEMA_REGISTRY_URL = 'https://registry.example/apis/ccompat/v7'
  const addressOf = (env: Record<string, string>) =>
    registryAddress(readConfig(Config, { SCHEMA_REGISTRY_URL, ...env }))
  assert.equal(addressOf({}), SCHEMA_REGISTRY_URL)
  const url = new URL(addressOf({ SCHEMA_REGISTRY_USERNAME: 'me@home', SCHEMA_REGISTRY_PASSWORD: 'a:b/c%d' }))
  assert.deepEqual([decodeURIComponent(url.username), decodeURIComponent(url.password)], ['me@home', 'a:b/c%d'])
  assert.throws(() => addressOf({ SCHEMA_REGISTRY_USERNAME: 'me' }), /SCHEMA_REGISTRY_PASSWORD is missing/)
  assert.throws(() => addressOf({ SCHEMA_REGISTRY_PASSWORD: 'pw' }), /SCHEMA_REGISTRY_USERNAME is missing/)
})

test('a configuration cannot be changed afterwards', () => {
  assert.ok(Object.isFrozen(readConfig(Config, {})))
})
