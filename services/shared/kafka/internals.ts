import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { dirname } from 'node:path'
import { dropAbortedRecords, type AbortedTransaction, type TransactionalRecord } from './aborted-records.ts'

/**
 * The only door to kafkajs: its inner modules with the types of what we use of them, and the corrections that every user of
 * them needs. kafkajs is pinned to 2.2.4 and has no `exports` map, so its files are reachable; another version has to pass the
 * tests of this folder first.
 */

/** A request with its decoder, as `connectionPool.send` takes it. `parse` turns error codes into throws. */
export type ProtocolRequest<Answer> = {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    readonly encode: () => Promise<Encoded>
  }
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<Answer>
    readonly parse: (answer: Answer) => Promise<Answer>
  }
  readonly requestTimeout?: number
}

/** A request's body: what kafkajs reads of an Encoder when it puts it behind the request's head. */
export type Encoded = { readonly buf: Buffer; readonly buffer: Buffer }

type Encoder = Encoded & {
  readonly writeInt32: (value: number) => Encoder
  readonly writeUVarInt: (value: number) => Encoder
  readonly writeUVarIntString: (value: string) => Encoder
  readonly writeBoolean: (value: boolean) => Encoder
}

type Long = { readonly toString: () => string }

export type Decoder = {
  readonly readInt16: () => number
  readonly readInt32: () => number
  readonly readInt64: () => Long
  readonly readString: () => string
  readonly readUVarInt: () => number
  readonly readUVarIntString: () => string | null
  readonly readBytes: (length?: number) => Buffer
  readonly readArray: <Item>(read: (decoder: Decoder) => Item) => Item[]
  readonly readArrayAsync: <Item>(read: (decoder: Decoder) => Promise<Item>) => Promise<Item[]>
  readonly canReadBytes: (length: number) => boolean
}

/** A record as kafkajs decodes it. */
export type RawRecord = TransactionalRecord & {
  readonly value: Buffer | null
  readonly timestamp: string
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>
}

export type RecordBatch = {
  readonly firstOffset: string
  readonly lastOffsetDelta: number
  readonly records: readonly RawRecord[]
}

type Topics<Partition> = readonly { readonly topic: string; readonly partitions: readonly Partition[] }[]

export type ProducedPartition = {
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset: string
  readonly logAppendTime: string
}

export type ProduceAnswer = {
  readonly topics: readonly { readonly topicName: string; readonly partitions: readonly ProducedPartition[] }[]
}

export type Broker = {
  readonly nodeId: number
  readonly connectionPool: { readonly send: <Answer>(request: ProtocolRequest<Answer>) => Promise<Answer> }
  readonly lookupRequest: <Parameters, Answer>(
    apiKey: number,
    definition: RequestDefinition<Parameters, Answer>,
  ) => (parameters: Parameters) => ProtocolRequest<Answer>
  readonly initProducerId: (request: {
    readonly transactionalId?: string
    readonly transactionTimeout: number
  }) => Promise<{ readonly producerId: string; readonly producerEpoch: number }>
  readonly listOffsets: (request: {
    readonly isolationLevel: number
    readonly topics: Topics<{ readonly partition: number; readonly timestamp: number }>
  }) => Promise<{ readonly responses: Topics<{ readonly partition: number; readonly offset: string }> }>
  readonly joinGroup: (request: {
    readonly groupId: string
    readonly sessionTimeout: number
    readonly rebalanceTimeout: number
    readonly memberId: string
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
  }) => Promise<{
    readonly generationId: number
    readonly leaderId: string
    readonly memberId: string
    readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
  }>
  readonly syncGroup: (request: {
    readonly groupId: string
    readonly generationId: number
    readonly memberId: string
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
  }) => Promise<{ readonly memberAssignment: Buffer }>
  readonly heartbeat: (request: {
    readonly groupId: string
    readonly groupGenerationId: number
    readonly memberId: string
  }) => Promise<unknown>
  readonly leaveGroup: (request: { readonly groupId: string; readonly memberId: string }) => Promise<unknown>
  readonly addPartitionsToTxn: (request: object) => Promise<unknown>
  readonly addOffsetsToTxn: (request: object) => Promise<unknown>
  readonly txnOffsetCommit: (request: object) => Promise<unknown>
  readonly endTxn: (request: object) => Promise<unknown>
  readonly isConnected: () => boolean
}

export type Cluster = {
  readonly connect: () => Promise<void>
  readonly addMultipleTargetTopics: (topics: readonly string[]) => Promise<void>
  readonly refreshMetadata: () => Promise<void>
  /** Only when it is not there or has grown old. */
  readonly refreshMetadataIfNecessary: () => Promise<void>
  readonly findBroker: (node: { readonly nodeId: number }) => Promise<Broker>
  /** Asks a broker each time; assignable, so that its answer can be kept. */
  findGroupCoordinator: (group: { readonly groupId: string; readonly coordinatorType?: number }) => Promise<Broker>
  readonly findTopicPartitionMetadata: (
    topic: string,
  ) => readonly { readonly partitionId: number; readonly leader: number }[]
  readonly brokerPool: { readonly metadata: Metadata | null }
  /** Makes each new connection; assignable, so that there can be no more. */
  readonly connectionPoolBuilder: { build: () => Promise<never> }
}

/** Of the topics that were asked for, of all when none was. */
type Metadata = {
  readonly clusterId: string | null
  readonly brokers: readonly { readonly nodeId: number }[]
  readonly topicMetadata: readonly {
    readonly topic: string
    readonly partitionMetadata: readonly {
      readonly partitionId: number
      readonly leader: number
      readonly replicas: readonly number[]
      readonly isr: readonly number[]
    }[]
  }[]
}

type ClusterOptions = {
  readonly logger: unknown
  readonly socketFactory: (destination: {
    readonly host: string
    readonly port: number
    readonly ssl: boolean
    readonly onConnect: () => void
  }) => Socket
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Anything but false comes to the socketFactory as it is, which makes of it what TLS needs. */
  readonly ssl: boolean
  readonly sasl: object | null
  readonly connectionTimeout: number
  readonly requestTimeout: number
  readonly metadataMaxAge: number
  readonly retry: Retry
  readonly allowAutoTopicCreation: boolean
  readonly instrumentationEmitter: { readonly emit: (name: string, event: RequestEvent) => void }
}

/** What kafkajs tells of a request (`network/requestQueue/socketRequest.js`), as far as it is used; times in ms. */
export type RequestEvent = { readonly apiName: string; readonly sentAt: number; readonly duration: number }

export type Retry = {
  readonly initialRetryTime: number
  readonly maxRetryTime: number
  readonly retries: number
}

export type LogEntry = {
  readonly namespace: string
  readonly level: number
  readonly log: Readonly<Record<string, unknown>> & { readonly message: string }
}

type RequestDefinition<Parameters, Answer> = { readonly parameters?: Parameters; readonly answer?: Answer }

/** The requests of a transaction to its coordinator, and the states between them: no method may be called in another one's state. */
export type TransactionManager = {
  readonly initProducerId: () => Promise<void>
  readonly getProducerId: () => string
  readonly getProducerEpoch: () => number
  readonly beginTransaction: () => void
  /** Asks for those alone that the transaction does not have yet. */
  readonly addPartitionsToTransaction: (topics: Topics<{ readonly partition: number }>) => Promise<void>
  readonly sendOffsets: (offsets: {
    readonly consumerGroupId: string
    readonly topics: Topics<{ readonly partition: number; readonly offset: string }>
  }) => Promise<void>
  readonly commit: () => Promise<void>
  readonly abort: () => Promise<void>
}

type KafkajsAdmin = {
  readonly createTopics: (request: {
    readonly topics: readonly {
      readonly topic: string
      readonly numPartitions: number
      readonly replicationFactor: number
      readonly configEntries: readonly { readonly name: string; readonly value: string }[]
    }[]
    readonly waitForLeaders: boolean
    readonly timeout: number
  }) => Promise<boolean>
  /** Without topics: all that we may see. */
  readonly fetchTopicMetadata: () => Promise<{
    readonly topics: readonly {
      readonly name: string
      readonly partitions: readonly { readonly replicas: readonly number[] }[]
    }[]
  }>
  readonly describeConfigs: (request: {
    readonly resources: readonly { readonly type: number; readonly name: string }[]
    readonly includeSynonyms: boolean
  }) => Promise<{
    readonly resources: readonly {
      readonly resourceName: string
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[]
    }[]
  }>
  readonly createAcls: (request: { readonly acl: readonly KafkajsAcl[] }) => Promise<boolean>
  readonly deleteAcls: (request: { readonly filters: readonly KafkajsAcl[] }) => Promise<unknown>
  readonly deleteTopicRecords: (request: {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
  }) => Promise<void>
}

/** The numbers are those of kafkajs' `protocol/acl*Types.js`, which are Kafka's. */
export type KafkajsAcl = {
  readonly resourceType: number
  readonly resourceName: string
  readonly resourcePatternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

const requireHere = createRequire(import.meta.url)
const pathOf = (file: string): string => requireHere.resolve(`kafkajs/src/${file}`)
const load = (file: string): unknown => requireHere(pathOf(file))

/** Puts our filter in the place of kafkajs' own, before anything takes hold of that. */
const correctAbortedRecords = (): void => {
  load('consumer/filterAbortedMessages')
  const module = requireHere.cache[pathOf('consumer/filterAbortedMessages')]
  if (!module) throw new Error('kafkajs has no filter of aborted messages to be corrected')
  module.exports = dropAbortedRecords
}

/**
 * kafkajs' `network/connection.js` keeps the bytes of a half-received answer when a connection breaks, and puts them in front
 * of what the next connection receives: every later answer is garbage. A new connection must begin with nothing.
 */
const correctConnectionBuffers = (): void => {
  const { prototype } = load('network/connection') as {
    prototype: {
      connect: () => Promise<unknown>
      isConnected: () => boolean
      chunks: Buffer[]
      bytesBuffered: number
      bytesNeeded: number
    }
  }
  const connect = prototype.connect
  prototype.connect = function () {
    if (!this.isConnected()) {
      this.chunks = []
      this.bytesBuffered = 0
      this.bytesNeeded = 4
    }
    return connect.call(this)
  }
}

// A copy of our own, so that it does not matter whether somebody has loaded kafkajs before: modules keep what they required.
for (const path of Object.keys(requireHere.cache)) {
  if (path.startsWith(dirname(pathOf('index')))) delete requireHere.cache[path]
}
correctAbortedRecords()
correctConnectionBuffers()

export const ClusterClass = load('cluster') as new (options: ClusterOptions) => Cluster
export const EncoderClass = load('protocol/encoder') as new () => Encoder
export const DecoderClass = load('protocol/decoder') as new (bytes: Buffer) => Decoder

/** kafkajs' Batch, through which its own consumers see a fetch answer; here only for the test of the correction. */
export const BatchClass = load('consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partition: {
    readonly partition: number
    readonly highWatermark: string
    readonly messages: readonly TransactionalRecord[]
    readonly abortedTransactions: readonly AbortedTransaction[]
  },
) => { readonly messages: readonly TransactionalRecord[] }

export const createLogger = (
  load('loggers') as {
    createLogger: (options: { level: number; logCreator: () => (entry: LogEntry) => void }) => unknown
  }
).createLogger

export const createTransactionManager = load('producer/eosManager') as (options: {
  readonly cluster: Cluster
  readonly logger: unknown
  readonly transactional: true
  readonly transactionalId: string
  readonly transactionTimeout: number
}) => TransactionManager

export const createAdmin = load('admin') as (options: {
  readonly cluster: Cluster
  readonly logger: unknown
  readonly retry: Retry
}) => KafkajsAdmin

export const createErrorFromCode = (load('protocol/error') as { createErrorFromCode: (code: number) => Error })
  .createErrorFromCode

/** kafkajs' own sum, here only for the test of ours. */
export const kafkajsCrc32c = load('protocol/recordBatch/crc32C') as (bytes: Buffer) => number

/** kafkajs' own encoder of a produce request, here only for the test of ours. */
export const createKafkajsProduceRequest = load('protocol/requests/produce/v7/request') as (parameters: {
  readonly acks: number
  readonly timeout: number
  readonly transactionalId: string | null
  readonly producerId: string
  readonly producerEpoch: number
  readonly topicData: Topics<{
    readonly partition: number
    readonly firstSequence: number
    readonly messages: readonly {
      readonly key: string | null
      readonly value: Buffer | null
      readonly headers?: Readonly<Record<string, string>>
      readonly timestamp: number
    }[]
  }>
}) => { readonly encode: () => Promise<Encoded> }

/** Decodes the record batch at the decoder's place. @throws KafkaJSPartialMessageError at an incomplete one */
export const decodeRecordBatch = load('protocol/recordBatch/v0/decoder') as (decoder: Decoder) => Promise<RecordBatch>

export const memberMetadata = (
  load('consumer/assignerProtocol') as {
    MemberMetadata: {
      encode: (metadata: { version: number; topics: readonly string[]; userData: Buffer }) => Buffer
      decode: (bytes: Buffer) => { readonly topics: readonly string[]; readonly userData: Buffer | null }
    }
  }
).MemberMetadata

export const memberAssignment = (
  load('consumer/assignerProtocol') as {
    MemberAssignment: {
      encode: (assignment: { version: number; assignment: Readonly<Record<string, readonly number[]>> }) => Buffer
      decode: (bytes: Buffer) => { readonly assignment: Readonly<Record<string, readonly number[]>> } | null
    }
  }
).MemberAssignment

export const apiKeys = load('protocol/requests/apiKeys') as {
  readonly Produce: number
  readonly Fetch: number
  readonly OffsetFetch: number
}

export const requests = (
  load('protocol/requests') as {
    requests: {
      readonly Produce: RequestDefinition<
        { readonly topicData: readonly never[]; readonly acks: number; readonly timeout: number },
        ProduceAnswer
      >
      readonly Fetch: RequestDefinition<
        {
          readonly maxWaitTime: number
          readonly minBytes: number
          readonly maxBytes: number
          readonly isolationLevel: number
          readonly topics: Topics<{
            readonly partition: number
            readonly fetchOffset: string
            readonly maxBytes: number
          }>
        },
        unknown
      >
    }
  }
).requests

export const isolationLevels = load('protocol/isolationLevel') as {
  readonly READ_UNCOMMITTED: number
  readonly READ_COMMITTED: number
}
