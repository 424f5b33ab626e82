import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { topics } from '../../../schemas/topics.ts'
import { isFault, type FaultCode } from '../fault.ts'
import { silentLog } from '../log.ts'
import { createCodec } from './codec.ts'

// The registry itself is met in test/integration/codec.test.ts; here is what one does that is broken or away.

const liked = { eventId: 'e1', roomId: 'r1', occurredAt: 1, uid: 'u1', name: 'Ann', count: 2 }
const like = Buffer.from([0, 0, 0, 0, 9, 2, 65])

const fault = (code: FaultCode, retriable: boolean, text?: RegExp) => (error: unknown) =>
  isFault(error, code) && error.retriable === retriable && (text === undefined || text.test(error.message))

/** A codec whose registry answers everything with this, or with nothing. */
const codecWith = async (
  t: TestContext,
  answer: { readonly status: number; readonly body: string; readonly type?: string } | 'nothing',
) => {
  const server = createServer((_request, response) => {
    if (answer === 'nothing') return
    response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return createCodec({ registryUrl: `http://127.0.0.1:${String(port)}`, timeoutMs: 200, log: silentLog })
}

const noRegistry = () => createCodec({ registryUrl: 'http://127.0.0.1:1', timeoutMs: 200, log: silentLog })

test('bytes that do not begin with a schema id are unreadable, at once', () => {
  for (const value of [
    Buffer.alloc(0),
    Buffer.from([0, 0, 0, 1]),
    Buffer.from('hello, world'),
    Buffer.from([1, 0, 0, 0, 1]),
  ]) {
    assert.throws(() => void noRegistry().decode(value), fault('RECORD_UNREADABLE', false))
  }
})

test('a topic that was not prepared cannot be written', () => {
  assert.throws(
    () => noRegistry().encode(topics.pushLike, 'Liked', liked),
    fault('SCHEMA_NOT_REGISTERED', false, /push\.like\.v1 was not prepared for Liked/),
  )
})

test('a registry that is away says nothing about the record', async () => {
  await assert.rejects(async () => noRegistry().decode(like), fault('REGISTRY_UNREACHABLE', true))
})

for (const [what, answer] of [
  ['never answers', 'nothing'],
  ['fails', { status: 500, body: '{"error_code":50001,"message":"store down"}' }],
  ['wants a password', { status: 401, body: '{"error_code":40101,"message":"who are you"}' }],
  ['has too much to do', { status: 429, body: '{"error_code":42901,"message":"later"}' }],
  ['is no registry but a web page', { status: 200, body: '<html>', type: 'text/html' }],
  ['is another server, without such a path', { status: 404, body: 'not found', type: 'text/plain' }],
] as const) {
  test(`a registry that ${what} says nothing about the record`, async (t) => {
    const codec = await codecWith(t, answer)
    await assert.rejects(async () => codec.decode(like), fault('REGISTRY_UNREACHABLE', true))
  })
}

for (const [what, body] of [
  ['is no Avro', '{"schema":"{\\"type\\":\\"rubbish\\"}"}'],
  ['is JSON schema', '{"schemaType":"JSON","schema":"{\\"type\\":\\"object\\"}"}'],
]) {
  test(`a record whose schema ${what} is unreadable`, async (t) => {
    const codec = await codecWith(t, { status: 200, body: body ?? '' })
    await assert.rejects(async () => codec.decode(like), fault('RECORD_UNREADABLE', false))
  })
}

test('a record whose schema cannot be read as ours is unreadable, again and again', async (t) => {
  const schema = { type: 'record', name: 'Liked', namespace: 'roomcast.push', fields: [{ name: 'uid', type: 'int' }] }
  const codec = await codecWith(t, { status: 200, body: JSON.stringify({ schema: JSON.stringify(schema) }) })
  for (let round = 0; round < 2; round += 1) {
    await assert.rejects(
      async () => codec.decode(like),
      fault('RECORD_UNREADABLE', false, /roomcast\.push\.Liked with schema 9/),
    )
  }
})

test('waiting for a registry ends with the signal', async () => {
  await assert.rejects(
    () => noRegistry().prepare(topics.pushSignal, AbortSignal.timeout(150)),
    fault('REGISTRY_UNREACHABLE', true),
  )
})

test('a registry that lacks a schema is told at once, naming it', async (t) => {
  const codec = await codecWith(t, { status: 404, body: '{"error_code":40401,"message":"no subject"}' })
  await assert.rejects(
    () => codec.prepare(topics.pushLike, AbortSignal.timeout(5_000)),
    fault('SCHEMA_NOT_REGISTERED', false, /push\.like\.v1-roomcast\.push\.Liked/),
  )
})
