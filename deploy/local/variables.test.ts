import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSettings, type Env } from './settings.ts'
import { resolveVariables, withoutSecrets } from './variables.ts'

const secured = {
  KAFKA_BROKERS: 'kafka.example:9093',
  KAFKA_SSL: '1',
  KAFKA_SASL_MECHANISM: 'scram-sha-512',
  KAFKA_SASL_USERNAME: 'roomcast',
  KAFKA_SASL_PASSWORD: 'secret-1',
}
const registry = { SCHEMA_REGISTRY_USERNAME: 'reader', SCHEMA_REGISTRY_PASSWORD: 'secret-2@/' }

const resolve = async (env: Env) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-variables-'))
  try {
    const settings = readSettings({ ...env, DATA_DIR: dataDir }, [])
    return await resolveVariables(env, settings, {})
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

test('the services get user and password of brokers and registry; what is written down has the users alone', async () => {
  const variables = await resolve({ ...secured, ...registry, SCHEMA_REGISTRY_URL: 'https://registry.example/x' })
  assert.partialDeepStrictEqual(variables, {
    ...secured,
    ...registry,
    SCHEMA_REGISTRY_URL: 'https://registry.example/x',
  })
  const written = withoutSecrets(variables)
  assert.doesNotMatch(JSON.stringify(written), /secret-/)
  assert.equal(written['KAFKA_SASL_USERNAME'], 'roomcast')
  assert.equal(written['SCHEMA_REGISTRY_USERNAME'], 'reader')
})

test('a user and a password in the address of the registry are taken apart, so that the address has no secret', async () => {
  const variables = await resolve({ SCHEMA_REGISTRY_URL: 'https://reader:secret-2%40%2F@registry.example/x' })
  assert.partialDeepStrictEqual(variables, { ...registry, SCHEMA_REGISTRY_URL: 'https://registry.example/x' })
})

test('no address is written down with a user in it; what is no address stays as it is', () => {
  const written = withoutSecrets({ EDGE_JWKS_URL: 'https://u:secret@keys.example/jwks', KAFKA_BROKERS: 'a:1,b:2' })
  assert.deepEqual(written, { EDGE_JWKS_URL: 'https://keys.example/jwks', KAFKA_BROKERS: 'a:1,b:2' })
})

test('a registry’s user without a password stops the start, and the key is named', async () => {
  const env = { SCHEMA_REGISTRY_URL: 'https://registry.example', SCHEMA_REGISTRY_USERNAME: 'reader' }
  await assert.rejects(resolve(env), /SCHEMA_REGISTRY_PASSWORD is missing/)
})
