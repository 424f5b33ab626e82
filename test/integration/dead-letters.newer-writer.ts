import avro from 'avsc'
import { topics } from '../../schemas/topics.ts'
import { fullNames, type RecordName } from '../../schemas/types.generated.ts'
import { localTypes } from '../../services/shared/codec/avro.ts'
import { createRegistryClient } from '../../services/shared/codec/registry-client.ts'

/**
 * A writer of inputs with a schema that has one more field and that the registry does not have yet; `register` makes up for it. The id is
 * that which comes next.
 */
export const createNewerWriter = async (registryUrl: string, type: RecordName) => {
  const registry = createRegistryClient({ registryUrl, timeoutMs: 5_000 })
  const local = localTypes().get(fullNames[type])
  if (local === undefined) throw new Error(`no schema of ${type}`)
  const more = { name: `more${Date.now()}`, type: ['null', 'string'], default: null }
  const schema = { ...local.schema, fields: [...local.schema.fields, more] }
  const placeholder = { type: 'record', name: `P${Date.now()}`, namespace: 'test', fields: [] }
  const id = (await registry.register(`test-${placeholder.name}`, placeholder)) + 1
  const avroType = avro.Type.forSchema(schema as avro.Schema)
  return {
    encode: (body: object): Buffer => {
      const head = Buffer.alloc(5)
      head.writeInt32BE(id, 1)
      return Buffer.concat([head, avroType.toBuffer({ ...body, [more.name]: null })])
    },
    register: async (): Promise<void> => {
      const given = await registry.register(`${topics.roomInput.name}-${fullNames[type]}`, schema)
      if (given !== id) throw new Error(`the registry gave the id ${given}, not ${id}`)
    },
  }
}
