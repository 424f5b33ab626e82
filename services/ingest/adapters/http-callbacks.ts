import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import type { Clock } from '../../shared/clock.ts'
import type { Call, Intake } from '../intake.ts'
import { answers } from './http-answers.ts'
import { callOf, send } from './http-call.ts'
import { callbackHeaders, callbackQueries } from './http-callback-queries.ts'
import type { CheckCallback } from './http-callback-check.ts'
import { Refused } from './http-errors.ts'

/**
 * The callbacks of the video cloud. Who may call is checked before anything of the query is looked at.
 *
 * The cloud repeats a callback that was not answered 200, and whoever saw one can do so, too. So a signed callback says when it was
 * said: a stream callback without `time` counts as old as its signature, and one of a mix that says the same of the same second
 * has the same event id, by which its room recognises a repeat.
 */
export const callbackRoutes =
  ({
    intake,
    roomOf,
    check,
    clock,
  }: {
    intake: Intake
    roomOf: (stream: string) => string
    check: CheckCallback
    clock: Clock
  }) =>
  async (scope: FastifyInstance): Promise<void> => {
    const cloud = scope.withTypeProvider<ZodTypeProvider>()
    cloud.decorateRequest('signedAt', null)
    cloud.addHook('onRequest', async (request) => {
      const checked = check(request, clock.now())
      if ('status' in checked) throw new Refused(checked.status, checked.message)
      request.setDecorator('signedAt', checked.signedAt)
    })
    const queries = callbackQueries(roomOf)
    const notified = <Query extends z.ZodType>(summary: string, querystring: Query) => ({
      // known to be the video cloud, which calls for all rooms from few addresses: not to be limited by address
      config: check.isOn ? { rateLimit: false as const } : {},
      schema: {
        summary,
        description:
          'From addresses of ALI_CALLBACK_ALLOW and with a signature, where these are configured: else 401 or 403.',
        tags: ['video cloud'],
        headers: callbackHeaders,
        querystring,
        response: { 200: answers.taken, 400: answers.invalid },
      },
    })
    /** A callback with the time at which it was said at the latest, where nothing better is known. */
    const dated = <Callback extends { readonly cloudTime: number | null }>(
      callback: Callback,
      request: FastifyRequest,
    ): Callback => {
      const signedAt = signedAtOf(request)
      return callback.cloudTime === null && signedAt !== null
        ? { ...callback, cloudTime: Math.min(signedAt, clock.now()) }
        : callback
    }
    cloud.get('/ali/stream/notify', notified('a stream started or broke', queries.streamChanged), (request, reply) =>
      send(reply, intake.streamChanged(dated(request.query, request), callOf(request))),
    )
    cloud.get('/ali/mix/availability/notify', notified('mixable', queries.mixAvailable), (request, reply) =>
      send(reply, intake.mixAvailable(dated(request.query, request), repeatableCallOf(request))),
    )
    cloud.get('/ali/mix/status/notify', notified('a mix changed', queries.mixChanged), (request, reply) =>
      send(reply, intake.mixChanged(request.query, repeatableCallOf(request))),
    )
  }

const signedAtOf = (request: FastifyRequest): number | null => request.getDecorator<number | null>('signedAt')

/**
 * The call, recognisable when it is repeated: the same words, said of the same second by `time`, or, without it, by the signature.
 * Not for stream callbacks: a stream may start, break and start within a second, and the last one must not get lost.
 */
const repeatableCallOf = (request: FastifyRequest): Call => {
  const call = callOf(request)
  const hasTime = new URL(request.url, 'http://ingest').searchParams.get('time')
  const signedAt = hasTime ? null : signedAtOf(request)
  if (!hasTime && signedAt === null) return call
  return { ...call, idempotencyKey: JSON.stringify([request.url, signedAt]) }
}
