import type { AnyRecord, Records } from '../../../schemas/types.generated.ts'
import { localTypes } from '../../../services/shared/codec/avro.ts'
import { encodeRecordBatch } from '../../../services/shared/kafka/record-batch.ts'

type Name = keyof Records

const types = new Map(
  [...localTypes()].map(([fullName, { type }]) => [fullName.slice(fullName.lastIndexOf('.') + 1), type]),
)
/** In front of the Avro bytes: a zero and the id of the schema. */
const envelopeBytes = 5
/** A `traceparent` as every service passes it on. */
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const typeOf = (name: string) => {
  const type = types.get(name)
  if (type === undefined) throw new Error(`there is no record ${name}`)
  return type
}

/** As it is appended: Confluent's envelope with an id of zero. */
export const valueOf = (name: Name, record: object): Buffer =>
  Buffer.concat([Buffer.alloc(envelopeBytes), typeOf(name).toBuffer(record)])

/** The inverse of `valueOf`, by its own schema. */
export const readValue = <N extends Name>(name: N, value: Buffer): Records[N] =>
  // A decoding edge: what was encoded with the schema of a name is a record of that name.
  typeOf(name).fromBuffer(value.subarray(envelopeBytes)) as Records[N]

export type Appendable = { readonly type: AnyRecord['type']; readonly record: { readonly roomId: string } }

/** A batch as a producer sends it, and a broker keeps it. */
export const batchOf = (records: readonly Appendable[]): Buffer =>
  encodeRecordBatch({
    records: records.map(({ type, record }) => ({
      key: record.roomId,
      value: valueOf(type, record),
      headers: { type, traceparent },
    })),
    timestampMs: 1_700_000_000_000,
    producerId: '1',
    producerEpoch: 0,
    firstSequence: 0,
    isTransactional: false,
  })

const batchHeaderBytes = 61

/** What records take in a log without the header of their batch, which they share. */
export const bytesInLog = (records: readonly Appendable[]): number => batchOf(records).length - batchHeaderBytes
