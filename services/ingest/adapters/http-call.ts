import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from '../domain/answers.ts'
import type { Call } from '../intake.ts'

/** W3C Trace Context, section 3.2, version 00. */
const traceparentForm = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** A header as one text, also where it came several times. */
export const headerOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value

/** What comes with a request besides its body. */
export const callOf = (request: FastifyRequest): Call => {
  const traceparent = headerOf(request.headers['traceparent'])
  return {
    credential: request.getDecorator<string>('credential'),
    path: request.routeOptions.url ?? '',
    idempotencyKey: headerOf(request.headers['idempotency-key']),
    traceparent: traceparent !== undefined && traceparentForm.test(traceparent) ? traceparent : undefined,
  }
}

/** The body to be sent, once its status is set. */
export const send = async (reply: FastifyReply, answer: Promise<Answer>): Promise<Answer['body']> => {
  const { status, body } = await answer
  reply.code(status)
  return body
}
