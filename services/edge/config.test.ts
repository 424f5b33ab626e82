import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeDeadlineMs, readEdgeConfig } from './config.ts'

test('an edge without a key for tokens does not start, unless it is told to be insecure', () => {
  assert.throws(() => readEdgeConfig({}), { code: 'CONFIG_INVALID', message: /EDGE_JWT_SECRET.*EDGE_JWKS_URL/ })
  assert.notEqual(readEdgeConfig({ ALLOW_INSECURE_LOCAL: '1' }).jwtSecret, undefined)
  assert.equal(readEdgeConfig({ EDGE_JWT_SECRET: 's' }).jwtSecret, 's')
})

test('published keys alone leave no secret by which a token could be made', () => {
  const config = readEdgeConfig({ ALLOW_INSECURE_LOCAL: '1', EDGE_JWKS_URL: 'https://keys.example/jwks' })
  assert.equal(config.jwtSecret, undefined)
  assert.equal(config.jwksUrl, 'https://keys.example/jwks')
})

test('the defaults are those of the contract', () => {
  const { port, adminPort, limits, maxRoomsPerConnection, stateWaitMs } = readEdgeConfig({ EDGE_JWT_SECRET: 's' })
  assert.deepEqual([port, adminPort, maxRoomsPerConnection, stateWaitMs], [8081, 9466, 8, 10_000])
  assert.deepEqual(limits, {
    subscribeTimeoutMs: 10_000,
    silenceTimeoutMs: 30_000,
    maxConnections: 100_000,
    maxConnectionsPerUser: 10,
    maxConnectionsPerAddress: 0,
    maxOpsPerSecond: 20,
    origins: null,
  })
})

test('an empty secret, with which anybody could sign, is none', () => {
  assert.throws(() => readEdgeConfig({ EDGE_JWT_SECRET: '' }), { code: 'CONFIG_INVALID', message: /EDGE_JWT_SECRET/ })
})

test('a drain ends before a supervisor loses patience', () => {
  assert.ok(readEdgeConfig({ EDGE_JWT_SECRET: 's' }).drainMs < closeDeadlineMs)
  assert.throws(() => readEdgeConfig({ EDGE_JWT_SECRET: 's', EDGE_DRAIN_MS: String(closeDeadlineMs) }), /EDGE_DRAIN_MS/)
})

test('compression is off, or shared', () => {
  const compression = (value: string) => readEdgeConfig({ EDGE_JWT_SECRET: 's', EDGE_COMPRESSION: value }).compression
  assert.equal(readEdgeConfig({ EDGE_JWT_SECRET: 's' }).compression, 'off')
  assert.equal(compression('shared'), 'shared')
  assert.throws(() => compression('gzip'), /EDGE_COMPRESSION/)
})

test('a bad value names its key and not itself', () => {
  assert.throws(
    () => readEdgeConfig({ EDGE_JWT_SECRET: 's', EDGE_PORT: 'many', EDGE_JWKS_URL: 'secret place' }),
    ({ message }: Error) => /EDGE_PORT/.test(message) && /EDGE_JWKS_URL/.test(message) && !/many|secret/.test(message),
  )
})

test('connections are looked at often enough for the shortest of their deadlines', () => {
  const sweepMs = (env: Record<string, string>) => readEdgeConfig({ EDGE_JWT_SECRET: 's', ...env }).sweepMs
  assert.equal(sweepMs({}), 1_000)
  assert.equal(sweepMs({ EDGE_SILENCE_TIMEOUT_MS: '300' }), 30)
  assert.equal(sweepMs({ EDGE_SUBSCRIBE_TIMEOUT_MS: '1' }), 10)
})
