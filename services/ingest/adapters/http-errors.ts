import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'

/** Refuses a whole request with an HTTP status; `field` is named in the answer. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly statusCode: number
  readonly field: string | undefined

  constructor(statusCode: number, message: string, field?: string) {
    super(message)
    this.statusCode = statusCode
    this.field = field
  }
}

/** When to try again after a 503, in seconds. */
const retryAfterSeconds = 1

export const sendError = (reply: FastifyReply, status: number, message: string, field?: string): FastifyReply =>
  reply
    .code(status)
    .type('application/json')
    .send({ code: status, message, data: field === undefined ? {} : { field } })

/** Writes every error as an answer: 400 names the field, a fault of Kafka or the registry is 503, a bug 500. */
export const createErrorHandler =
  ({ maxBodyBytes, log }: { maxBodyBytes: number; log: Log }) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (hasZodFastifySchemaValidationErrors(error)) {
      const [first] = error.validation
      const field = first?.instancePath.split('/')[1] || 'body'
      return sendError(reply, 400, `${field}: ${first?.message ?? 'is not valid'}`, field)
    }
    if (error instanceof Refused) return sendError(reply, error.statusCode, error.message, error.field)
    const route = request.routeOptions.url
    if (error instanceof Fault && error.code !== 'RECORD_INVALID') {
      log.debug({ err: error, route }, 'a request was not accepted')
      reply.header('retry-after', retryAfterSeconds)
      return sendError(reply, 503, 'not accepted: Kafka or the schema registry does not answer; try again')
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
    if (status >= 400 && status < 500) return sendError(reply, status, bodyComplaint(status, maxBodyBytes), 'body')
    log.error({ err: error, route }, 'a request failed unexpectedly')
    return sendError(reply, 500, 'an error on our side')
  }

/** What to say of a body that Fastify itself refused. Constant: Fastify's own messages may repeat parts of it. */
const bodyComplaint = (status: number, maxBodyBytes: number): string => {
  if (status === 413) return `body: has more than ${maxBodyBytes} bytes`
  if (status === 415) return 'body: send application/json or application/x-www-form-urlencoded'
  return 'body: is not valid'
}
