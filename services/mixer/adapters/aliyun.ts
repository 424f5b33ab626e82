import RPCClient from '@alicloud/pop-core'
import { z } from 'zod'
import type { StartMix, StopMix } from '../../../schemas/types.generated.ts'
import { Fault } from '../../shared/fault.ts'
import type { Log } from '../../shared/log.ts'
import { abortable } from '../../shared/waiting.ts'
import { withSignal } from '../../shared/with-signal.ts'
import { familyOf } from '../domain/answer.ts'
import type { MixAnswer, MixCloud } from '../domain/cloud.ts'
import { createAliyunAgent } from './aliyun-agent.ts'
import { isAcceptance, nextStepOf, refusalOf, streamNamesOf, troubleOf } from './aliyun-answer.ts'

export type AliyunCloudOptions = {
  /** For example https://live.aliyuncs.com. */
  readonly endpoint: string
  /** For example 2016-11-01. */
  readonly apiVersion: string
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** Of temporary credentials. */
  readonly securityToken: string | undefined
  readonly playHost: string
  readonly app: string
  /** Of one attempt, from the connection to the last byte of the answer. */
  readonly timeoutMs: number
  readonly log: Log
}

export type AliyunCloud = MixCloud & {
  /** Ends the connections; what is under way rejects. */
  readonly close: () => Promise<void>
}

/**
 * The words with which the vendor says that there is nothing left to do. It publishes none for these operations any more:
 * MixStreamNotExist is that of its callbacks, MixStreamAlreadyExist the counterpart. Any other word stays a refusal.
 */
const alreadyDone = {
  StartMixStreamsService: ['MixStreamAlreadyExist'],
  StopMixStreamsService: ['MixStreamNotExist', 'NoSuchStream'],
} as const

type Action = keyof typeof alreadyDone

/** An answer has some hundred bytes. Compressed, so many bytes can unfold to 64 MiB at most. */
const maxAnswerBytes = 64 * 1024
/** The library's own clocks only stand behind ours: at their end it leaves the connection open. */
const libraryGraceMs = 1_000
const complaintEveryMs = 60_000

/** With its second argument the client tells the HTTP status, too; its type declaration does not know it. */
const VerboseClient: new (config: RPCClient.Config, isVerbose: boolean) => RPCClient = RPCClient

const verboseAnswer = z.tuple([z.unknown(), z.object({ response: z.object({ statusCode: z.number() }) })])

/**
 * Mixing by Alibaba Cloud's ApsaraVideo Live: StartMixStreamsService and StopMixStreamsService as signed RPC requests. One call
 * is one attempt; whoever calls tries again. A refusal, with any HTTP status, is an answer with the vendor's word. What is no
 * answer at all (nobody there, too late, unreadable) rejects with the retriable fault CLOUD_UNREACHABLE.
 *
 * The client library's errors carry the signed request: they go nowhere, not even as a cause.
 */
export const createAliyunCloud = (options: AliyunCloudOptions): AliyunCloud => {
  const { endpoint, apiVersion, accessKeyId, accessKeySecret, securityToken, playHost, app, timeoutMs, log } = options
  const secrets = [accessKeyId, accessKeySecret, securityToken ?? ''].filter((secret) => secret !== '')
  const client = new VerboseClient(
    { endpoint, apiVersion, accessKeyId, accessKeySecret, ...(securityToken === undefined ? {} : { securityToken }) },
    true,
  )
  const agent = createAliyunAgent({ isTls: endpoint.startsWith('https:'), maxAnswerBytes })
  let isClosed = false
  let lastComplaintMs = -Infinity

  const complain = (action: Action, word: string): void => {
    const nextStep = nextStepOf(word)
    if (nextStep === undefined || performance.now() - lastComplaintMs < complaintEveryMs) return
    lastComplaintMs = performance.now()
    log.error({ action, error: word, nextStep }, 'the video cloud takes no commands from us')
  }

  const request = (action: Action, parameters: Record<string, string>, signal: AbortSignal): Promise<unknown> => {
    const asked = client.request<unknown>(action, parameters, {
      method: 'POST',
      agent,
      timeout: timeoutMs + libraryGraceMs,
      // Aborting destroys the request with its connection, whatever the library is waiting for.
      beforeRequest: (http: object) => ({ ...http, signal }),
    })
    return abortable(asked, signal)
  }

  const command = async (
    action: Action,
    { roomId, mixRoomId }: StartMix | StopMix,
    more: Record<string, string>,
    signal: AbortSignal,
  ): Promise<MixAnswer> => {
    signal.throwIfAborted()
    if (isClosed) throw unreachable('closed')
    const parameters = {
      MainDomainName: playHost,
      MainAppName: app,
      MainStreamName: roomId,
      MixDomainName: playHost,
      MixAppName: app,
      MixStreamName: mixRoomId,
      ...more,
    }
    try {
      const [body, { response }] = verboseAnswer.parse(
        await withSignal({ signals: [signal], timeoutMs }, (within) => request(action, parameters, within)),
      )
      if (isAcceptance(response.statusCode, body)) return { accepted: true, streamNames: streamNamesOf(body) }
    } catch (error) {
      signal.throwIfAborted()
      const refusal = refusalOf(error, secrets)
      if (refusal === undefined) throw unreachable(troubleOf(error))
      const { word, message, body } = refusal
      if (alreadyDone[action].some((done) => done === familyOf(word)))
        return { accepted: true, streamNames: streamNamesOf(body) }
      complain(action, word)
      return { accepted: false, error: word, message }
    }
    throw unreachable('no answer of the API')
  }

  return {
    startMix: (start, signal) => {
      const { mixType: MixType, mixTemplate: MixTemplate } = start
      return command('StartMixStreamsService', start, { MixType, MixTemplate }, signal)
    },
    stopMix: (stop, signal) => command('StopMixStreamsService', stop, {}, signal),
    close: async () => {
      isClosed = true
      agent.destroy()
    },
  }
}

const unreachable = (trouble: string): Fault =>
  new Fault('CLOUD_UNREACHABLE', `the video cloud gave no answer: ${trouble}`, { retriable: true })
