import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isTraceparent } from '../../shared/tracing/context.ts'
import type { Cause, ServerSpan, Tracing } from '../../shared/tracing/tracing.ts'

/** Where the span of a request is kept; null: it is not recorded. */
const decorator = 'span'

/** Gives each request that is recorded a span, from its first byte to the end of its answer. Neither queries nor bodies are in it. */
export const traceRequests = (app: FastifyInstance, tracing: Tracing): void => {
  app.decorateRequest(decorator, null)
  if (!tracing.isOn) return
  app.addHook('onRequest', async (request) => {
    const { method, routeOptions, url } = request
    const asked = { method, route: routeOptions.url, path: url.split('?')[0] ?? '' }
    request.setDecorator(decorator, tracing.serve(asked, traceparentOf(request)) ?? null)
  })
  app.addHook('onResponse', async (request, reply) => spanOf(request)?.end(reply.statusCode))
}

/** From what the records of a request follow: its span, or what its caller sent. */
export const causeOf = (request: FastifyRequest): Cause => spanOf(request) ?? traceparentOf(request)

const spanOf = (request: FastifyRequest): ServerSpan | null => request.getDecorator<ServerSpan | null>(decorator)

const traceparentOf = ({ headers: { traceparent } }: FastifyRequest): string | undefined =>
  typeof traceparent === 'string' && isTraceparent(traceparent) ? traceparent : undefined
