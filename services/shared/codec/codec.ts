import avro from 'avsc'
import type { Topic } from '../../../schemas/topics.ts'
import { fullNames, type AnyRecord, type RecordName, type Records } from '../../../schemas/types.generated.ts'
import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import { localTypes } from './avro.ts'
import { createRegistryClient, untilAnswered } from './registry-client.ts'
import { subjectsOf } from './subjects.ts'

/** A decoded record; one whose name is not ours is only named, to be passed over and counted. */
export type Decoded = ({ readonly known: true } & AnyRecord) | { readonly known: false; readonly fullName: string }

/** Records to bytes and back: Avro in the Confluent wire format (a zero byte, the schema id as int32, the record). */
export type Codec = {
  /**
   * Looks up the ids with which the topic's records are written, and from then on reads those that were written so without asking.
   * Retried while the registry does not answer, until the signal aborts: then rejects with REGISTRY_UNREACHABLE.
   * SCHEMA_NOT_REGISTERED when the registry lacks one.
   */
  readonly prepare: (topic: Topic, signal: AbortSignal) => Promise<void>
  /**
   * Throws SCHEMA_NOT_REGISTERED when the topic was not prepared or does not take such a record, RECORD_INVALID (names the
   * field, never its value) when the record does not fit its schema.
   */
  readonly encode: <N extends RecordName>(topic: Topic, type: N, record: Records[N]) => Buffer
  /**
   * At once when the writer's schema is known, else after looking it up. Throws or rejects with RECORD_UNREADABLE (the
   * bytes are bad: to the dead-letter topic) or REGISTRY_UNREACHABLE (retriable: stop, and decode again later).
   */
  readonly decode: (value: Buffer) => Decoded | Promise<Decoded>
}

const headerBytes = 5
/** A record that fits is encoded in one pass. */
const scratchBytes = 16_384
/** Writers' schemas kept; beyond that the one known longest is forgotten, and looked up again when it is met. */
const maxWriters = 1_000

type Reader = (value: Buffer) => Decoded
type Writer = { readonly id: number; readonly type: avro.Type }

/** A codec over one registry; it asks nothing before the first `prepare` or `decode`. */
export const createCodec = ({
  registryUrl,
  timeoutMs,
  log,
}: {
  /** The Confluent API, for example `http://127.0.0.1:8085/apis/ccompat/v7`. */
  registryUrl: string
  /** For one request to the registry. */
  timeoutMs: number
  log: Log
}): Codec => {
  const registry = createRegistryClient({ registryUrl, timeoutMs })
  const types = localTypes()
  const shortNames = new Map(Object.entries(fullNames).map(([name, fullName]) => [fullName, name as RecordName]))
  const writers = new Map<string, Writer>()
  const readers = new Map<number, Reader>()
  const lookups = new Map<number, Promise<Reader>>()
  const scratch = Buffer.alloc(scratchBytes)

  const readerOf = (id: number, writerType: avro.Type): Reader => {
    const fullName = writerType.name ?? writerType.typeName
    const type = shortNames.get(fullName)
    const local = types.get(fullName)
    if (type === undefined || local === undefined) return () => ({ known: false, fullName })
    const unreadable = (why: unknown): Fault =>
      // avsc's messages when reading name no value
      new Fault(
        'RECORD_UNREADABLE',
        `${fullName} with schema ${id}: ${why instanceof Error ? why.message : 'unreadable'}`,
      )
    let resolver: ReturnType<avro.Type['createResolver']>
    try {
      resolver = local.type.createResolver(writerType)
    } catch (error) {
      const incompatible = unreadable(error)
      return () => {
        throw incompatible
      }
    }
    return (value) => {
      try {
        const record: unknown = local.type.fromBuffer(value.subarray(headerBytes), resolver)
        // A decoding edge: the record was read with the schema from which the type was generated.
        return { known: true, type, record } as Decoded
      } catch (error) {
        throw unreadable(error)
      }
    }
  }

  const keepReader = (id: number, writerType: avro.Type): Reader => {
    const reader = readerOf(id, writerType)
    const oldest = readers.keys().next()
    if (readers.size >= maxWriters && !oldest.done) readers.delete(oldest.value)
    readers.set(id, reader)
    return reader
  }

  const lookUp = async (id: number): Promise<Reader> => keepReader(id, await registry.typeById(id))

  /** One request for an id, however many records wait for it. */
  const lookUpOnce = (id: number): Promise<Reader> => {
    const running = lookups.get(id)
    if (running !== undefined) return running
    const started = lookUp(id).finally(() => lookups.delete(id))
    lookups.set(id, started)
    return started
  }

  return {
    prepare: async (topic, signal) => {
      const subjects = subjectsOf(topic, types)
      const ids = await Promise.all(
        subjects.map(({ name, local }) => untilAnswered(() => registry.idOf(name, local.schema), { signal, log })),
      )
      for (const [index, { record, name, local }] of subjects.entries()) {
        const id = ids[index]
        if (id === undefined) {
          throw new Fault('SCHEMA_NOT_REGISTERED', `the registry has not our ${name}: register the schemas first`)
        }
        writers.set(`${topic.name} ${record}`, { id, type: local.type })
        // Who has just started reads on as well when the registry goes away.
        keepReader(id, local.type)
      }
    },

    encode: (topic, type, record) => {
      const writer = writers.get(`${topic.name} ${type}`)
      if (writer === undefined) {
        throw new Fault('SCHEMA_NOT_REGISTERED', `${topic.name} was not prepared for ${type}, or does not take it`)
      }
      try {
        const end = writer.type.encode(record, scratch, headerBytes)
        // A negative end is the number of bytes that are missing.
        const value = end > 0 ? Buffer.from(scratch.subarray(0, end)) : Buffer.alloc(scratchBytes - end)
        if (end <= 0) writer.type.encode(record, value, headerBytes)
        value.writeUInt8(0, 0)
        value.writeInt32BE(writer.id, 1)
        return value
      } catch {
        // The cause is dropped on purpose: avsc's message holds the value.
        throw new Fault('RECORD_INVALID', `${type} cannot be written: ${misfits(writer.type, record)}`)
      }
    },

    decode: (value) => {
      if (value.length < headerBytes || value[0] !== 0) {
        throw new Fault('RECORD_UNREADABLE', 'the value does not begin with a schema id')
      }
      const id = value.readInt32BE(1)
      const reader = readers.get(id)
      return reader === undefined ? lookUpOnce(id).then((found) => found(value)) : reader(value)
    },
  }
}

/** Which fields do not fit, and what was expected; without the values. */
const misfits = (type: avro.Type, record: unknown): string => {
  const complaints: string[] = []
  type.isValid(record, {
    errorHook: (path, _value, expected) => complaints.push(`${path.join('.') || 'it'} is not ${expectation(expected)}`),
  })
  return complaints.length > 0 ? complaints.join(', ') : 'a number is out of range'
}

const expectation = (type: avro.Type): string =>
  type instanceof avro.types.UnwrappedUnionType
    ? type.types.map((branch) => branch.branchName).join(' or ')
    : (type.branchName ?? type.typeName)
