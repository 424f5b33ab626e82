import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from '../domain/answers.ts'
import type { Call } from '../intake.ts'
import { causeOf } from './http-traces.ts'

/** A header as one text, also where it came several times. */
export const headerOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value

/** What comes with a request besides its body. */
export const callOf = (request: FastifyRequest): Call => ({
  credential: request.getDecorator<string>('credential'),
  path: request.routeOptions.url ?? '',
  idempotencyKey: headerOf(request.headers['idempotency-key']),
  cause: causeOf(request),
})

/** Where the code is kept with which a request was refused though its status is 200. */
export const refusalDecorator = 'refusal'

/** The code with which a request was refused without having become an event; null: it was not. */
export const refusalCodeOf = (request: FastifyRequest, status: number): number | null =>
  request.getDecorator<number | null>(refusalDecorator) ?? (status >= 400 && status < 500 ? status : null)

/** The body to be sent, once its status is set. */
export const send = async (reply: FastifyReply, answer: Promise<Answer>): Promise<Answer['body']> => {
  const { status, body, isRefusal } = await answer
  if (isRefusal === true) reply.request.setDecorator(refusalDecorator, body.code)
  reply.code(status)
  return body
}
