import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { createReadiness, startAdminServer } from '../../services/shared/admin-server.ts'
import { createMetrics } from '../../services/shared/metrics.ts'
import { createAnswerCheck } from '../support/check-answer.ts'
import { createSchemaChecks, escapePointer, readDocument, valueAt } from '../support/published-schemas.ts'

const documents = ['ingest', 'edge', 'admin'].map((name) => `openapi-${name}.generated.json`)

/** Every place of a document that has a schema and an example beside it, by its JSON pointer. */
const findExamples = (value: unknown, pointer = ''): readonly (readonly [pointer: string, example: unknown])[] => {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([key, each]) => findExamples(each, `${pointer}/${escapePointer(key)}`))
  return 'schema' in value && 'example' in value ? [[`${pointer}/schema`, value.example], ...inside] : inside
}

for (const name of documents) {
  test(`${name} is OpenAPI 3.1, and its examples are what it describes`, async () => {
    const document = readDocument(name)
    const validated = await new Validator().validate(document)
    assert.deepEqual([validated.valid, validated.errors], [true, undefined])
    assert.equal(document['openapi'], '3.1.0')
    const checkAt = createSchemaChecks(name)
    const examples = findExamples(document)
    assert.ok(examples.length > 0)
    for (const [pointer, example] of examples) checkAt(pointer)(example)
  })
}

test('every operation of ingest has a name, an example for its body, and says how it refuses', () => {
  const paths = Object.values(valueAt(readDocument('openapi-ingest.generated.json'), 'paths') ?? {})
  const operations = paths.flatMap((path: object) => Object.values(path))
  assert.equal(operations.length, 16)
  assert.equal(new Set(operations.map((operation) => valueAt(operation, 'operationId'))).size, operations.length)
  for (const operation of operations) {
    const body = valueAt(operation, 'requestBody', 'content', 'application/json')
    if (body !== undefined) assert.ok(valueAt(body, 'example') !== undefined, JSON.stringify(operation))
    for (const status of ['401', '403', '429', '503']) assert.ok(valueAt(operation, 'responses', status) !== undefined)
  }
})

test('an answer that is not as published is found out', () => {
  const check = createAnswerCheck('openapi-ingest.generated.json')
  const good = { code: 200, message: 'success', data: { id: 'x' } }
  const asked = { method: 'POST', path: '/live/comment', status: 200, contentType: 'application/json; charset=utf-8' }
  check({ ...asked, body: JSON.stringify(good) })
  assert.throws(() => check({ ...asked, body: JSON.stringify({ ...good, more: 1 }) }), /additional properties/)
  assert.throws(() => check({ ...asked, body: JSON.stringify({ ...good, data: {} }) }), /required property 'id'/)
  assert.throws(() => check({ ...asked, status: 418, body: '' }), /does not know POST \/live\/comment with 418/)
  assert.throws(() => check({ ...asked, path: '/live/commend', body: '' }), /does not know/)
  assert.throws(() => check({ ...asked, contentType: 'text/html', body: '' }), /has no text\/html/)
})

test('the admin port answers as published', async (t) => {
  const metrics = createMetrics({ service: 'edge' })
  t.after(() => metrics.clear())
  const readiness = createReadiness(['kafka'])
  let isHealthy = true
  const server = await startAdminServer({
    port: 0,
    host: '127.0.0.1',
    metrics,
    isHealthy: () => isHealthy,
    readiness,
  })
  t.after(() => server.close())
  const check = createAnswerCheck('openapi-admin.generated.json')
  const ask = async (path: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { signal: AbortSignal.timeout(5_000) })
    const { status, headers } = response
    check({ method: 'GET', path, status, contentType: headers.get('content-type'), body: await response.text() })
    return status
  }
  assert.deepEqual([await ask('/metrics'), await ask('/healthz'), await ask('/readyz')], [200, 200, 503])
  readiness.set('kafka', true)
  isHealthy = false
  assert.deepEqual([await ask('/healthz'), await ask('/readyz')], [503, 200])
})
