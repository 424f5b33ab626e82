import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registryAdvice } from './registry-advice.ts'

test('a certificate that is not believed leads to the authorities of Node.js, also where fetch hides the reason', () => {
  const hidden = new TypeError('fetch failed', { cause: new Error('unable to verify the first certificate') })
  assert.match(registryAdvice('does not answer', hidden), /NODE_EXTRA_CA_CERTS/)
})

test('a refused user leads to the user and password, and a registry that is away to nothing', () => {
  assert.match(registryAdvice('does not take it: status 401', undefined), /SCHEMA_REGISTRY_USERNAME/)
  const refusal = Object.assign(new Error('Unauthorized'), { status: 403 })
  assert.match(registryAdvice('does not answer', refusal), /SCHEMA_REGISTRY_PASSWORD/)
  assert.equal(registryAdvice('does not answer: connect ECONNREFUSED 127.0.0.1:8401', undefined), '')
})
