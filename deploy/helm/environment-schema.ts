import { z } from 'zod'
import { settingsOf } from './services.ts'

type Shape = Readonly<Record<string, z.core.$ZodType>>

/** Draft 7, which every Helm 3 and 4 reads. */
const target = 'draft-7'

/** What can be said of a text in JSON Schema: words to choose from, a pattern, a form. Everything else the service says at its start. */
const kept = ['enum', 'pattern', 'format', 'description'] as const

const textSchema = (schema: z.core.$ZodType): Readonly<Record<string, unknown>> => {
  const full: Readonly<Record<string, unknown>> = z.toJSONSchema(schema, {
    target,
    io: 'input',
    unrepresentable: 'any',
  })
  return {
    type: 'string',
    ...Object.fromEntries(kept.filter((key) => full[key] !== undefined).map((key) => [key, full[key]])),
  }
}

/** Words of MIXER_ADAPTER that the chart does not offer: that one needs a media server on the same machine. */
const withoutFfmpeg = (schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  ...schema,
  enum: ['simulated', 'aliyun'],
})

/** Text for each setting of the services, and nothing else. */
export const environmentSchema = (shapes: readonly Shape[]): object => {
  const settings = Object.assign({}, ...shapes.map((shape) => settingsOf(shape, { secret: false }))) as Shape
  const properties = Object.fromEntries(
    Object.entries(settings).map(([name, schema]) => {
      const text = textSchema(schema)
      return [name, name === 'MIXER_ADAPTER' ? withoutFfmpeg(text) : text]
    }),
  )
  return { type: 'object', additionalProperties: false, properties }
}

const reference = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: { type: 'string', minLength: 1 }, key: { type: 'string', minLength: 1 } },
}

/** A reference to a Secret for each secret of the services, and nothing else. */
export const secretsSchema = (shapes: readonly Shape[]): object => {
  const names = shapes.flatMap((shape) => Object.entries(settingsOf(shape, { secret: true })))
  const properties = Object.fromEntries(
    names.map(([name, schema]) => [
      name,
      { ...reference, description: z.globalRegistry.get(schema)?.['description'] ?? '' },
    ]),
  )
  return { type: 'object', additionalProperties: false, properties }
}
