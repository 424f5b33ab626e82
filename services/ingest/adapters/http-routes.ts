import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import type { Intake } from '../intake.ts'
import { answers } from './http-answers.ts'
import { createApiKeyCheck } from './http-auth.ts'
import { callOf, send } from './http-call.ts'
import { Refused } from './http-errors.ts'
import { bodies, requestHeaders, requestPath } from './http-schemas.ts'

/** The paths of the app's servers. `apiKeys` undefined: no key is needed. */
export const apiRoutes =
  ({ intake, apiKeys }: { intake: Intake; apiKeys: readonly string[] | undefined }) =>
  async (scope: FastifyInstance): Promise<void> => {
    const api = scope.withTypeProvider<ZodTypeProvider>()
    const checkApiKey = apiKeys && createApiKeyCheck(apiKeys)
    api.addHook('onRequest', async (request, reply) => {
      // answers carry push addresses
      reply.header('cache-control', 'no-store')
      if (checkApiKey === undefined) return
      const checked = checkApiKey(request.headers.authorization)
      if ('credential' in checked) return request.setDecorator('credential', checked.credential)
      if (checked.status === 401) reply.header('www-authenticate', 'Bearer')
      throw new Refused(checked.status, checked.message)
    })
    api.addHook('preValidation', async (request) => {
      // no body is an empty one: the validation then says which field is missing
      if (request.method === 'POST') request.body ??= {}
    })

    api.post(
      '/live/create',
      decided('create a live', bodies.createLive, answers.created, answers.openLive),
      (request, reply) => send(reply, intake.createLive(request.body, callOf(request))),
    )
    api.post('/live/leave', decided('end a live', bodies.leaveLive, answers.plain), (request, reply) =>
      send(reply, intake.leaveLive(request.body, callOf(request))),
    )
    api.get('/live/list', listing({ querystring: bodies.listLives }), (request, reply) =>
      send(reply, intake.listLives(request.query)),
    )
    api.post('/live/list', listing({ body: bodies.listLives }), (request, reply) =>
      send(reply, intake.listLives(request.body)),
    )
    api.post('/live/play', taken('begin to watch', bodies.playLive, answers.playable), (request, reply) =>
      send(reply, intake.playLive(request.body, callOf(request))),
    )
    api.post('/live/audience/leave', taken('stop watching', bodies.leaveAudience, answers.taken), (request, reply) =>
      send(reply, intake.leaveAudience(request.body, callOf(request))),
    )
    api.post('/live/comment', taken('comment', bodies.comment, answers.pushed), (request, reply) =>
      send(reply, intake.comment(request.body, callOf(request))),
    )
    api.post('/live/like', taken('like', bodies.like, answers.pushed), (request, reply) =>
      send(reply, intake.like(request.body, callOf(request))),
    )
    api.post('/videocall/invite', decided('invite to co-host', bodies.invite, answers.invited), (request, reply) =>
      send(reply, intake.invite(request.body, callOf(request))),
    )
    api.post('/videocall/cancel', decided('take back', bodies.cancelInvite, answers.plain), (request, reply) =>
      send(reply, intake.cancelInvite(request.body, callOf(request))),
    )
    api.post('/videocall/feedback', decided('answer', bodies.giveFeedback, answers.agreed), (request, reply) =>
      send(reply, intake.giveFeedback(request.body, callOf(request))),
    )
    api.post('/videocall/close', decided('end co-hosting', bodies.closeCohosting, answers.plain), (request, reply) =>
      send(reply, intake.closeCohosting(request.body, callOf(request))),
    )
    api.get(
      '/requests/:requestId',
      {
        schema: {
          summary: 'the outcome of a request of the last 10 minutes',
          security,
          params: requestPath,
          response: { 200: answers.outcome, 202: answers.open, 404: answers.unknown },
        },
      },
      (request, reply) => send(reply, intake.outcomeOf(request.params.requestId)),
    )
  }

const security = [{ apiKey: [] }]
const consumes = ['application/json', 'application/x-www-form-urlencoded']

/** A POST that is answered as soon as its record is on Kafka. */
const taken = <Body extends z.ZodType, Data extends z.ZodType>(summary: string, body: Body, data: Data) => ({
  schema: {
    summary,
    security,
    consumes,
    headers: requestHeaders,
    body,
    response: { 200: data, 400: answers.invalid },
  },
})

/** A POST that waits for its decision. */
const decided = <Body extends z.ZodType, Data extends z.ZodType>(
  summary: string,
  body: Body,
  data: Data,
  open: z.ZodType = answers.open,
) => ({
  schema: {
    summary,
    security,
    consumes,
    headers: requestHeaders,
    body,
    response: { 200: data, 202: open, 400: answers.invalid },
  },
})

const listing = <Input extends object>(input: Input) => ({
  schema: {
    summary: 'lives that are pushing',
    security,
    ...input,
    response: { 200: answers.listed, 400: answers.invalid },
  },
})
