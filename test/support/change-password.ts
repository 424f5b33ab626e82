import { pbkdf2Sync, randomBytes } from 'node:crypto'
import type { Kafka } from '../../services/shared/kafka/client.ts'
import { withCluster } from '../../services/shared/kafka/cluster.ts'
import { DecoderClass, EncoderClass, type Encoded } from '../../services/shared/kafka/internals.ts'

/** As far as it is used; kafkajs' Encoder has more than services need. */
type FullEncoder = Encoded & {
  readonly writeInt8: (value: number) => FullEncoder
  readonly writeInt32: (value: number) => FullEncoder
  readonly writeUVarInt: (value: number) => FullEncoder
  readonly writeUVarIntString: (value: string) => FullEncoder
  readonly writeUVarIntBytes: (value: Buffer) => FullEncoder
}

const alterUserScramCredentials = 51
const scramSha512 = 2
const iterations = 4096

/** Gives a user another password for SCRAM-SHA-512, as kafka-configs.sh does (KIP-554); kafkajs has no such request. */
export const changePassword = (kafka: Kafka, username: string, password: string): Promise<void> =>
  withCluster({ kafka, deadlineMs: 10_000 }, async ({ cluster }) => {
    await cluster.refreshMetadata()
    const nodeId = cluster.brokerPool.metadata?.brokers[0]?.nodeId ?? 0
    const broker = await cluster.findBroker({ nodeId })
    const salt = randomBytes(16)
    const salted = pbkdf2Sync(password, salt, iterations, 64, 'sha512')
    await broker.connectionPool.send({
      request: {
        apiKey: alterUserScramCredentials,
        apiVersion: 0,
        apiName: 'AlterUserScramCredentials',
        encode: async () =>
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of services do not name all that it can
          (new EncoderClass() as unknown as FullEncoder)
            .writeUVarInt(0) // tagged fields of the header
            .writeUVarInt(1) // no deletions: compact lengths count from one
            .writeUVarInt(2) // one upsertion
            .writeUVarIntString(username)
            .writeInt8(scramSha512)
            .writeInt32(iterations)
            .writeUVarIntBytes(salt)
            .writeUVarIntBytes(salted)
            .writeUVarInt(0)
            .writeUVarInt(0),
      },
      response: {
        decode: async (bytes) => {
          const decoder = new DecoderClass(bytes)
          decoder.readUVarInt() // tagged fields of the header
          decoder.readInt32() // throttle time
          decoder.readUVarInt() // one result
          decoder.readUVarIntString()
          return decoder.readInt16()
        },
        parse: async (code) => {
          if (code !== 0) throw new Error(`the password of ${username} is not changed: error ${code}`)
          return code
        },
      },
    })
  })
