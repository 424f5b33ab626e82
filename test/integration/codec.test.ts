import avro from 'avsc'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { readRecords, standAlone, type AvroField } from '../../schemas/records.ts'
import { topics, type Topic } from '../../schemas/topics.ts'
import { fullNames, type RecordName, type Records } from '../../schemas/types.generated.ts'
import { createCodec, type Codec } from '../../services/shared/codec/codec.ts'
import { registerSchemas } from '../../services/shared/codec/register.ts'
import { createRegistryClient } from '../../services/shared/codec/registry-client.ts'
import { isFault, type FaultCode } from '../../services/shared/fault.ts'
import { silentLog } from '../../services/shared/log.ts'
import { arbitraryRecord } from '../support/arbitrary-record.ts'
import { openCuttableProxy } from '../support/cuttable-proxy.ts'
import { startKafka, type TestKafka } from '../support/kafka.ts'

const records = readRecords()
const all = Object.values<Topic>(topics)
const timeoutMs = 5_000
const deadline = (): AbortSignal => AbortSignal.timeout(30_000)
const fault = (code: FaultCode, text?: RegExp) => (error: unknown) =>
  isFault(error, code) && (text === undefined || text.test(error.message))

const liked: Records['Liked'] = { eventId: 'e1', roomId: 'r1', occurredAt: 1, uid: 'u1', name: 'Ann', count: 2 }

let platform: TestKafka
const openCodec = (registryUrl = platform.registryUrl): Codec => createCodec({ registryUrl, timeoutMs, log: silentLog })

before(async () => {
  platform = await startKafka()
  await registerSchemas({ registryUrl: platform.registryUrl, timeoutMs, log: silentLog, signal: deadline() })
})
after(() => platform.stop())

/** Bytes as somebody else writes them: this value, by this schema, registered under a subject that nobody has. */
const writtenBy = async (schema: object, value: unknown): Promise<Buffer> => {
  const registry = createRegistryClient({ registryUrl: platform.registryUrl, timeoutMs })
  const id = await registry.register(`test.${randomUUID()}`, schema)
  const header = Buffer.alloc(5)
  header.writeInt32BE(id, 1)
  return Buffer.concat([header, avro.Type.forSchema(schema as avro.Schema).toBuffer(value)])
}

const likedWith = (change: (fields: readonly AvroField[]) => readonly AvroField[]): object => {
  const schema = standAlone(fullNames.Liked, records)
  return { ...schema, fields: change(schema.fields) }
}

test('every record of every topic comes back as it was written, at who wrote it and at others', async () => {
  const codec = openCodec()
  const other = openCodec()
  for (const topic of all) {
    await codec.prepare(topic, deadline())
    for (const type of topic.records) {
      const property = fc.asyncProperty(arbitraryRecord(fullNames[type], records), async (value) => {
        // Derived from the schema from which the type is generated.
        const bytes = codec.encode<RecordName>(topic, type, value as Records[RecordName])
        assert.deepEqual(codec.decode(bytes), { known: true, type, record: value })
        assert.deepEqual(await other.decode(bytes), { known: true, type, record: value })
      })
      await fc.assert(property, { numRuns: 10 })
    }
  }
})

test('a record that is bigger than the usual comes back as it was written', async () => {
  const codec = openCodec()
  await codec.prepare(topics.pushComment, deadline())
  const { count: _, ...fields } = liked
  const comment = { ...fields, comment: '连麦 '.repeat(20_000) }
  const bytes = codec.encode(topics.pushComment, 'Commented', comment)
  assert.deepEqual(await openCodec().decode(bytes), { known: true, type: 'Commented', record: comment })
})

test('once its schema is known, a record is decoded at once', async () => {
  const writer = openCodec()
  await writer.prepare(topics.pushLike, deadline())
  const bytes = writer.encode(topics.pushLike, 'Liked', liked)
  const codec = openCodec()
  const first = codec.decode(bytes)
  assert.ok(first instanceof Promise)
  assert.deepEqual(codec.decode(bytes) instanceof Promise, true, 'the look-up is still under way')
  await first
  assert.deepEqual(codec.decode(bytes), { known: true, type: 'Liked', record: liked })
})

test('a writer with a newer schema is read: its additional fields are passed over', async () => {
  const more = likedWith((fields) => [
    { name: 'device', type: ['null', 'string'], default: null },
    ...fields,
    { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
  ])
  const bytes = await writtenBy(more, { ...liked, device: 'phone', tags: ['a', 'b'] })
  assert.deepEqual(await openCodec().decode(bytes), { known: true, type: 'Liked', record: liked })
})

test('a writer with an older schema is read: a field that it lacks has its default', async () => {
  const less = likedWith((fields) => fields.filter(({ name }) => name !== 'count'))
  const { count: _, ...old } = liked
  assert.deepEqual(await openCodec().decode(await writtenBy(less, old)), {
    known: true,
    type: 'Liked',
    record: { ...old, count: 1 },
  })
})

test('a writer whose schema cannot be read as ours is unreadable', async () => {
  const other = likedWith((fields) => fields.filter(({ name }) => name !== 'uid'))
  const bytes = await writtenBy(other, liked)
  await assert.rejects(async () => openCodec().decode(bytes), fault('RECORD_UNREADABLE', /roomcast\.push\.Liked/))
})

test('a record of another name is named and not read, also when only its namespace differs', async () => {
  const elsewhere = { ...likedWith((fields) => fields), namespace: 'com.example.push' }
  const bytes = await writtenBy(elsewhere, liked)
  assert.deepEqual(await openCodec().decode(bytes), { known: false, fullName: 'com.example.push.Liked' })
})

test('bytes that end early or late, and an id that nobody has, are unreadable', async () => {
  const codec = openCodec()
  await codec.prepare(topics.pushLike, deadline())
  const bytes = codec.encode(topics.pushLike, 'Liked', liked)
  const unknown = Buffer.from(bytes)
  unknown.writeInt32BE(0x7fff_ffff, 1)
  for (const [bad, why] of [
    [bytes.subarray(0, -1), /truncated/],
    [Buffer.concat([bytes, Buffer.from([0])]), /trailing/],
    [unknown, /no schema 2147483647/],
  ] as const) {
    await assert.rejects(async () => codec.decode(bad), fault('RECORD_UNREADABLE', why))
  }
})

test('a long that JavaScript cannot hold is unreadable, not another number', async () => {
  const bytes = await writtenBy(
    likedWith((fields) => fields),
    { ...liked, eventId: '', roomId: '', occurredAt: 0 },
  )
  // header, two empty strings, then the long: 2^53 in zigzag
  const huge = Buffer.concat([
    bytes.subarray(0, 7),
    Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]),
    bytes.subarray(8),
  ])
  await assert.rejects(async () => openCodec().decode(huge), fault('RECORD_UNREADABLE', /precision/))
})

test('a record that does not fit its schema is refused, naming the fields and no value', async () => {
  const codec = openCodec()
  await codec.prepare(topics.pushLike, deadline())
  const bad = { ...liked, uid: 5, count: 'hush' } as unknown as Records['Liked']
  assert.throws(
    () => codec.encode(topics.pushLike, 'Liked', bad),
    (error) =>
      isFault(error, 'RECORD_INVALID') &&
      error.message === 'Liked cannot be written: uid is not string, count is not int' &&
      error.cause === undefined,
  )
})

test('a topic takes its own records only', async () => {
  const codec = openCodec()
  await codec.prepare(topics.pushLike, deadline())
  assert.throws(() => codec.encode(topics.pushSignal, 'Liked', liked), fault('SCHEMA_NOT_REGISTERED'))
})

test('when the registry goes away, known schemas are read on, those of prepared topics among them, and unknown ones wait for it', async () => {
  const proxy = await openCuttableProxy(platform.registryUrl)
  const codec = openCodec(proxy.url)
  await codec.prepare(topics.pushLike, deadline())
  const known = codec.encode(topics.pushLike, 'Liked', liked)
  const unknown = await writtenBy(
    likedWith((fields) => [...fields, { name: 'note', type: 'string', default: '' }]),
    { ...liked, note: 'x' },
  )

  await proxy.cut()
  assert.deepEqual(codec.decode(known), { known: true, type: 'Liked', record: liked })
  assert.deepEqual(codec.encode(topics.pushLike, 'Liked', liked), known)
  await assert.rejects(
    async () => codec.decode(unknown),
    (error) => isFault(error, 'REGISTRY_UNREACHABLE') && error.retriable,
  )

  await proxy.mend()
  assert.deepEqual(await codec.decode(unknown), { known: true, type: 'Liked', record: liked })
  await proxy.cut()
})

test('preparing waits until the registry is there', async () => {
  const proxy = await openCuttableProxy(platform.registryUrl)
  await proxy.cut()
  const codec = openCodec(proxy.url)
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const patient = createCodec({ registryUrl: proxy.url, timeoutMs, log: { ...silentLog, warn: () => resolve() } })
  const prepared = patient.prepare(topics.pushLike, deadline())
  await asked
  await proxy.mend()
  await prepared
  assert.ok(patient.encode(topics.pushLike, 'Liked', liked).length > 5)
  await assert.rejects(() => codec.prepare(topics.pushLike, AbortSignal.abort()), fault('REGISTRY_UNREACHABLE'))
  await proxy.cut()
})

test('registering again changes nothing', async () => {
  const subject = `${topics.pushLike.name}-${fullNames.Liked}`
  const ask = async (path: string): Promise<unknown> => (await fetch(`${platform.registryUrl}${path}`)).json()
  const before = await ask(`/subjects/${subject}/versions`)
  await registerSchemas({ registryUrl: platform.registryUrl, timeoutMs, log: silentLog, signal: deadline() })
  assert.deepEqual(await ask(`/subjects/${subject}/versions`), before)
  assert.deepEqual(await ask(`/config/${subject}`), { compatibilityLevel: 'FULL_TRANSITIVE' })
})

test('a schema that is not compatible with an earlier one is refused, naming the subject', async () => {
  const registry = createRegistryClient({ registryUrl: platform.registryUrl, timeoutMs })
  const subject = `test.${randomUUID()}`
  await registry.register(
    subject,
    likedWith((fields) => fields),
  )
  const withoutDefault = likedWith((fields) => [...fields, { name: 'device', type: 'string' }])
  await assert.rejects(
    () => registry.register(subject, withoutDefault),
    fault('SCHEMA_INCOMPATIBLE', new RegExp(subject)),
  )
  const withDefault = likedWith((fields) => [...fields, { name: 'device', type: 'string', default: '' }])
  assert.ok((await registry.register(subject, withDefault)) > 0)
})
