import type { JsonSchema } from '../../schemas/json-schema.ts'
import { project } from './project.ts'

const json = (description: string, properties: JsonSchema, example: JsonSchema): JsonSchema => ({
  description,
  content: {
    'application/json': { schema: { type: 'object', required: Object.keys(properties), properties }, example },
  },
})

const failed = json('a defect of ours', { message: { type: 'string' } }, { message: 'failed' })

/** What every service tells operators and probes, as an OpenAPI document. */
export const describeAdmin = (): JsonSchema => ({
  openapi: '3.1.0',
  info: {
    title: 'roomcast: metrics and probes',
    ...project,
    description: 'The admin port of every service. It asks for no key: keep it inside.',
  },
  servers: [
    {
      url: 'http://127.0.0.1:{port}',
      description: '`make run`',
      variables: {
        port: {
          default: '9464',
          enum: ['9464', '9465', '9466', '9467'],
          description: 'ingest, state-machine, edge, mixer',
        },
      },
    },
  ],
  security: [],
  paths: {
    '/metrics': {
      get: {
        operationId: 'getMetrics',
        summary: 'for Prometheus',
        responses: {
          200: {
            description: 'the metrics of docs/metrics.generated.md',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
          500: failed,
        },
      },
    },
    '/healthz': {
      get: {
        operationId: 'getHealth',
        summary: 'whether the process should live on',
        responses: {
          200: json('it should', { healthy: { const: true } }, { healthy: true }),
          503: json('it should be started anew', { healthy: { const: false } }, { healthy: false }),
        },
      },
    },
    '/readyz': {
      get: {
        operationId: 'getReadiness',
        summary: 'whether it can take work',
        responses: {
          200: json('it can', { ready: { const: true } }, { ready: true }),
          503: json(
            'it cannot yet, or stops',
            { ready: { const: false }, waitingFor: { type: 'array', items: { type: 'string' } } },
            { ready: false, waitingFor: ['rooms'] },
          ),
        },
      },
    },
  },
})
