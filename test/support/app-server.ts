import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpAnswer } from './check-answer.ts'

/** What ingest answered: the HTTP status, and the body. */
export type Answer = {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
  /** Seconds to wait, when the server asks for it. */
  readonly retryAfter: string | null
}

/** A live as the answer to its creation shows it. */
export type CreatedLive = {
  readonly uid: string
  readonly name: string
  readonly roomId: string
  readonly rtmpUrl: string
  readonly playUrl: string
  readonly m3u8PlayUrl: string
  readonly rtmpPlayUrl: string
}

export type Body = Readonly<Record<string, unknown>>

/**
 * The app's own server and the video cloud, as ingest sees them: a small HTTP client. Requests that ingest accepts without a
 * decision (202) are followed up until they are decided; `post` and `get` give the answer as it is.
 */
export type AppServer = {
  readonly post: (path: string, body: Body, headers?: Readonly<Record<string, string>>) => Promise<Answer>
  readonly get: (path: string, query?: Readonly<Record<string, string>>) => Promise<Answer>
  /** As `post`, and followed up. */
  readonly decide: (path: string, body: Body, headers?: Readonly<Record<string, string>>) => Promise<Answer>
  /** Creates a live and checks that it was done. */
  readonly createLive: (body: { uid: string; name?: string; desc?: string }) => Promise<CreatedLive>
  readonly leaveLive: (roomId: string) => Promise<Answer>
  readonly play: (body: { roomId: string; uid: string; name?: string }) => Promise<Answer>
  readonly comment: (body: { roomId: string; uid: string; name?: string; comment: string }) => Promise<Answer>
  readonly like: (body: { roomId: string; uid: string; name?: string; count?: number }) => Promise<Answer>
  readonly invite: (body: Body) => Promise<Answer>
  readonly cancel: (body: Body) => Promise<Answer>
  readonly feedback: (body: Body) => Promise<Answer>
  readonly close: (body: Body) => Promise<Answer>
  /** Callback: the stream of a room (or of a stream name) started or broke. */
  readonly stream: (action: 'publish' | 'publish_done', id: string, query?: Record<string, string>) => Promise<Answer>
  /** Callback: a stream can be the main stream of a mix. */
  readonly available: (stream: string, query?: Record<string, string>) => Promise<Answer>
  /** Callback: the content of a mix changed. */
  readonly mixStatus: (status: MixStatus) => Promise<Answer>
}

export type MixStatus = {
  readonly main: string
  readonly mix: string
  readonly event: string
  readonly code: string
  readonly message?: string
  readonly template?: string
}

export type AppServerOptions = {
  /** Of ingest, for example http://127.0.0.1:8080. */
  readonly url: string
  readonly apiKey: string
  /** Signs callbacks, where ingest asks for it. */
  readonly callbackKey?: string | undefined
  /** Domain and app of the callbacks. */
  readonly playHost?: string
  readonly app?: string
  readonly timeoutMs?: number
  /** Sees every answer; what it throws fails the call. */
  readonly check?: (answer: HttpAnswer) => void
}

const pollMs = 50

export const createAppServer = ({
  url,
  apiKey,
  callbackKey,
  playHost = 'play.localhost',
  app = 'DemoApp',
  timeoutMs = 30_000,
  check,
}: AppServerOptions): AppServer => {
  const request = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    const text = await response.text()
    const body = readBody(text, response.status)
    const contentType = response.headers.get('content-type')
    const asked = { method: init.method ?? 'GET', path: path.replace(/\?.*/s, '') }
    check?.({ ...asked, status: response.status, contentType, body: text })
    return { status: response.status, ...body, retryAfter: response.headers.get('retry-after') }
  }

  const post: AppServer['post'] = (path, body, headers = {}) =>
    request(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })

  const withQuery = (path: string, query: Readonly<Record<string, string>>): string => {
    const text = new URLSearchParams(query).toString()
    return text === '' ? path : `${path}?${text}`
  }

  const get: AppServer['get'] = (path, query = {}) =>
    request(withQuery(path, query), { headers: { authorization: `Bearer ${apiKey}` } })

  /** Posts, and waits for the decision where ingest did not. */
  const decide: AppServer['decide'] = async (path, body, headers) => {
    let answer = await post(path, body, headers)
    const requestId = answer.data['requestId']
    const endsAt = performance.now() + timeoutMs
    while (answer.status === 202 && typeof requestId === 'string' && performance.now() < endsAt) {
      await sleep(pollMs)
      answer = await get(`/requests/${requestId}`)
    }
    return answer
  }

  const callback = (path: string, query: Readonly<Record<string, string>>): Promise<Answer> =>
    request(withQuery(path, query), {
      headers: callbackKey === undefined ? {} : callbackSignature(playHost, callbackKey),
    })

  return {
    post,
    get,
    decide,
    createLive: async (body) => {
      const answer = await decide('/live/create', body)
      if (answer.code !== 200) throw new Error(`create was answered ${answer.code}: ${answer.message}`)
      return readLive(answer.data)
    },
    leaveLive: (roomId) => decide('/live/leave', { roomId }),
    play: (body) => post('/live/play', body),
    comment: (body) => post('/live/comment', body),
    like: (body) => post('/live/like', body),
    invite: (body) => decide('/videocall/invite', body),
    cancel: (body) => decide('/videocall/cancel', body),
    feedback: (body) => decide('/videocall/feedback', body),
    close: (body) => decide('/videocall/close', body),
    stream: (action, id, query = {}) => callback('/ali/stream/notify', { action, id, app, ...query }),
    available: (stream, query = {}) =>
      callback('/ali/mix/availability/notify', {
        Domain: playHost,
        App: app,
        Stream: stream,
        Event: 'MixAvailable',
        ...query,
      }),
    mixStatus: ({ main, mix, event, code, message = '', template = 'picture_in_picture' }) =>
      callback('/ali/mix/status/notify', {
        MainMixDomain: playHost,
        MainMixApp: app,
        MainMixStream: main,
        MixDomain: playHost,
        MixApp: app,
        MixStream: mix,
        MixType: 'channel',
        MixTemplate: template,
        Event: event,
        Code: code,
        Message: message,
      }),
  }
}

/** The headers with which the cloud signs a callback: MD5 of `domain|timestamp|key`. */
const callbackSignature = (domain: string, key: string): Record<string, string> => {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const digest = createHash('md5').update(`${domain}|${timestamp}|${key}`).digest('hex')
  return { 'ALI-LIVE-TIMESTAMP': timestamp, 'ALI-LIVE-SIGNATURE': digest }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const readBody = (text: string, status: number): Pick<Answer, 'code' | 'message' | 'data'> => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw new Error(`ingest answered status ${status} without JSON: ${text.slice(0, 200)}`, { cause: error })
  }
  if (!isObject(body)) throw new Error(`ingest answered status ${status} with JSON that is no object`)
  return {
    code: typeof body['code'] === 'number' ? body['code'] : Number.NaN,
    message: typeof body['message'] === 'string' ? body['message'] : '',
    data: isObject(body['data']) ? body['data'] : {},
  }
}

const readLive = (data: Readonly<Record<string, unknown>>): CreatedLive => {
  const text = (name: string): string => {
    const value = data[name]
    if (typeof value !== 'string') throw new Error(`the created live has no ${name}`)
    return value
  }
  return {
    uid: text('uid'),
    name: text('name'),
    roomId: text('roomId'),
    rtmpUrl: text('rtmpUrl'),
    playUrl: text('playUrl'),
    m3u8PlayUrl: text('m3u8PlayUrl'),
    rtmpPlayUrl: text('rtmpPlayUrl'),
  }
}
