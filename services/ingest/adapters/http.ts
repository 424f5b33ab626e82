import formbody from '@fastify/formbody'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import type { Clock } from '../../shared/clock.ts'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Tracing } from '../../shared/tracing/tracing.ts'
import type { Intake } from '../intake.ts'
import { createRefusals, createRequestSeconds } from '../metrics.ts'
import { canonicalAddress, createAddressSet } from './http-addresses.ts'
import { createCheckCallback, type CallbackCheckSettings } from './http-callback-check.ts'
import { refusalCodeOf, refusalDecorator } from './http-call.ts'
import { callbackRoutes } from './http-callbacks.ts'
import { completeDescription, describeSchemas } from './http-description.ts'
import { createErrorHandler, Refused, sendError } from './http-errors.ts'
import { maxLengths } from './http-fields.ts'
import { apiRoutes } from './http-routes.ts'
import { traceRequests } from './http-traces.ts'

export type HttpSettings = CallbackCheckSettings & {
  /** Undefined: requests need no key. */
  readonly apiKeys: readonly string[] | undefined
  /** Addresses and ranges of the proxies whose X-Forwarded-For is believed; undefined: none. */
  readonly trustedProxies: readonly string[] | undefined
  /** Requests per second of one API key, or of one address without a key; 0: no limit. */
  readonly rateLimitPerSecond: number
  readonly maxBodyBytes: number
}

/** The longest that a request may take to arrive. */
const requestTimeoutMs = 15_000

/**
 * The HTTP door, ready to listen: `listen`, `inject` for tests, and `close`, which lets running requests finish.
 * Neither bodies nor queries are ever logged.
 */
export const createHttp = async ({
  intake,
  roomOf,
  settings,
  clock,
  metrics,
  tracing,
  log,
}: {
  intake: Intake
  /** The room of a stream name. */
  roomOf: (stream: string) => string
  settings: HttpSettings
  /** Epoch milliseconds. */
  clock: Clock
  metrics: Metrics
  tracing: Tracing
  log: Log
}) => {
  const proxies = createAddressSet(settings.trustedProxies ?? [])
  const app = Fastify({
    // the caller is the last address in front of those that are ours: whatever stands before it was written by the caller
    trustProxy: (address) => proxies.has(address),
    bodyLimit: settings.maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    // HEAD of a callback must not count as the callback
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: maxLengths.requestId },
    frameworkErrors: (error, _request, reply) => void sendError(reply, error.statusCode ?? 400, 'the URL is not valid'),
  })

  // first, so that what others refuse is in traces, too
  traceRequests(app, tracing)
  app.setValidatorCompiler(validatorCompiler)
  // answers are built and typed here: their schemas are for the documentation alone
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))

  const parseJson = app.getDefaultJsonParser('remove', 'remove')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    void parseJson(request, body.toString(), done)
  })
  await app.register(formbody)

  const requestSeconds = createRequestSeconds(metrics)
  const countRefusal = createRefusals(metrics)
  app.decorateRequest(refusalDecorator, null)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    requestSeconds.observe({ route, status: reply.statusCode }, reply.elapsedTime / 1_000)
    const code = refusalCodeOf(request, reply.statusCode)
    if (code !== null) countRefusal(code)
    log.debug({ route, status: reply.statusCode, elapsedMs: reply.elapsedTime }, 'answered')
  })

  app.setErrorHandler(createErrorHandler({ maxBodyBytes: settings.maxBodyBytes, log }))
  app.setNotFoundHandler((request, reply) => {
    const url = request.url.split('?')[0] ?? ''
    const allowed = (['GET', 'POST'] as const).filter((method) => app.hasRoute({ method, url }))
    if (allowed.length === 0) return sendError(reply, 404, 'no such path; see /docs')
    reply.header('allow', allowed.join(', '))
    return sendError(reply, 405, `send ${allowed.join(' or ')}`)
  })

  app.decorateRequest('credential', '')
  if (settings.rateLimitPerSecond > 0) {
    await app.register(rateLimit, {
      max: settings.rateLimitPerSecond,
      timeWindow: 1_000,
      // its check comes after that of the key: what is here was found to be one of ours
      keyGenerator: (request) => request.getDecorator<string>('credential') || canonicalAddress(request.ip),
      errorResponseBuilder: () => new Refused(429, 'too many requests'),
    })
  }

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'roomcast ingest',
        version: '1',
        description:
          '200 and 202 mean that the event is on Kafka with acks=all. `code` in the body is the decision; 200 = done. ' +
          'Ids may be strings or numbers, numbers may be decimal strings; what may be left out may also be null or empty; ' +
          'unknown fields are ignored.',
        license: { name: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'one of INGEST_API_KEYS' } },
      },
    },
    transform: describeSchemas,
    transformObject: (document) =>
      'openapiObject' in document ? completeDescription(document.openapiObject) : document.swaggerObject,
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())

  await app.register(apiRoutes({ intake, apiKeys: settings.apiKeys }))
  const check = createCheckCallback({ settings, metrics, log })
  await app.register(callbackRoutes({ intake, roomOf, check, clock }))
  await app.ready()
  return app
}
