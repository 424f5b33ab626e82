import { createJsonSchemaTransform } from 'fastify-type-provider-zod'
import { globalRegistry } from 'zod'

// What the OpenAPI description says beside the schemas of the routes.

type Operation = { readonly requestBody?: unknown; readonly responses?: object }
type Description = { readonly paths?: object; readonly components?: object }

const refusal = (description: string, code: number, message: string, headers: readonly string[] = []) => ({
  description,
  ...(headers.length === 0
    ? {}
    : { headers: Object.fromEntries(headers.map((name) => [name, { schema: { type: 'string' } }])) }),
  content: {
    'application/json': { schema: { $ref: '#/components/schemas/Refused' }, example: { code, message, data: {} } },
  },
})

/** Answers that are no matter of one path, by their status. */
const refusals = {
  401: refusal('without a key, or a callback without a signature', 401, 'send Authorization: Bearer <api key>'),
  403: refusal('not let in: a wrong key, address or signature', 403, 'this API key is not known'),
  414: refusal('the path is too long', 414, 'the URL is not valid'),
  413: refusal('the body is too large', 413, 'body: has more than 16384 bytes'),
  415: refusal('neither JSON nor a form', 415, 'body: send application/json or application/x-www-form-urlencoded'),
  429: refusal('too many requests of this key or address', 429, 'too many requests', ['retry-after']),
  500: refusal('an error on our side', 500, 'an error on our side'),
  503: refusal(
    'Kafka or the schema registry does not answer. The event may be on Kafka or not: repeat with an Idempotency-Key',
    503,
    'not accepted: Kafka or the schema registry does not answer; try again',
    ['retry-after'],
  ),
}

const refusalsOf = (path: string, { requestBody }: Operation): readonly string[] =>
  Object.keys(refusals).filter((status) => {
    if (status === '413' || status === '415') return requestBody !== undefined
    return status !== '414' || path.includes('{')
  })

/** That a whole number in an answer is a safe one goes without saying. */
const withoutSafeBounds = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSafeBounds)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(
    ([, each]) => each !== Number.MIN_SAFE_INTEGER && each !== Number.MAX_SAFE_INTEGER,
  )
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutSafeBounds(each)]))
}

/** `postLiveCreate` for POST /live/create. */
const operationIdOf = (method: string, path: string): string =>
  `${method}${path.replaceAll('}', '').replaceAll(/[/{]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`

const completeOperation = (method: string, path: string, operation: Operation): object => ({
  operationId: operationIdOf(method, path),
  ...operation,
  responses: {
    ...mapValues(operation.responses ?? {}, withoutSafeBounds),
    ...Object.fromEntries(
      refusalsOf(path, operation).map((status) => [status, { $ref: `#/components/responses/Refused${status}` }]),
    ),
  },
})

const mapValues = <From, To>(from: object, change: (value: From, key: string) => To): Readonly<Record<string, To>> =>
  Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value, key)]))

/** Adds to the description of the routes what any of them may answer. */
export const completeDescription = (description: Description) => ({
  ...description,
  components: {
    ...description.components,
    schemas: {
      Refused: {
        type: 'object',
        required: ['code', 'message', 'data'],
        properties: {
          code: { type: 'integer', description: 'the HTTP status' },
          message: { type: 'string' },
          data: {
            type: 'object',
            properties: { field: { type: 'string', description: 'what is wrong, where it is one field' } },
          },
        },
      },
    },
    responses: Object.fromEntries(Object.entries(refusals).map(([status, told]) => [`Refused${status}`, told])),
  },
  paths: mapValues(description.paths ?? {}, (operations: object, path) =>
    mapValues(operations, (operation: Operation, method) => completeOperation(method, path, operation)),
  ),
})

/** The schemas of routes as JSON Schema, examples included. */
export const describeSchemas = createJsonSchemaTransform({
  zodToJsonConfig: {
    override: ({ zodSchema, jsonSchema }) => {
      // zod leaves out those of what it transforms
      const examples = globalRegistry.get(zodSchema)?.['examples']
      if (Array.isArray(examples)) jsonSchema.examples = examples
    },
  },
})
