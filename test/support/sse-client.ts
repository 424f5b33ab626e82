import { createAnswerCheck, type HttpAnswer } from './check-answer.ts'
import { checkLine } from './check-line.ts'
import { isPush, type Line, type PushLine } from './edge-client.ts'

/** One event of a stream, as a browser would give it to its page; `id` is null where the event has none of its own. */
export type StreamEvent = { readonly id: string | null; readonly retryMs: number | null; readonly line: Line }

/** A stream of server-sent events of an edge, and every event that came so far. */
export type StreamClient = {
  readonly headers: Headers
  readonly events: readonly StreamEvent[]
  /** How many comments came: they say that the stream lives. */
  readonly comments: () => number
  /** The last `id`, with which a browser comes back. */
  readonly lastEventId: () => string
  /** The first event that matches, among those received or still to come; rejects at the deadline or when the stream ends. */
  readonly waitFor: (matches: (line: Line) => boolean, timeoutMs?: number) => Promise<StreamEvent>
  readonly waitForPush: (matches: (message: PushLine) => boolean, timeoutMs?: number) => Promise<PushLine>
  /** Resolves when the other side has ended the stream; rejects when it broke. */
  readonly ended: Promise<void>
  /** Leaves. */
  readonly close: () => void
}

export type StreamOptions = {
  readonly token?: string
  readonly room?: string
  readonly lastEventId?: string
  readonly origin?: string
}

let checkAnswer: ((answer: HttpAnswer) => void) | undefined

/** Asks for a stream; resolves with the answer, whatever its status. `base` is for example `http://127.0.0.1:8081`. */
export const requestStream = async (
  base: string,
  { token, room, lastEventId, origin }: StreamOptions,
  signal: AbortSignal = AbortSignal.timeout(30_000),
): Promise<Response> => {
  const response = await fetch(`${base}/v1/sse${room === undefined ? '' : `?room=${encodeURIComponent(room)}`}`, {
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      ...(origin === undefined ? {} : { origin }),
    },
    signal,
  })
  checkAnswer ??= createAnswerCheck('openapi-edge.generated.json')
  const { status, headers } = response
  const body = status === 200 ? '' : await response.clone().text()
  checkAnswer({ method: 'GET', path: '/v1/sse', status, contentType: headers.get('content-type'), body })
  return response
}

/** Opens a stream and reads it. Rejects when it is refused, with status and body in the message. */
export const openStream = async (base: string, options: StreamOptions): Promise<StreamClient> => {
  const leaving = new AbortController()
  const response = await requestStream(base, options, leaving.signal)
  if (response.status !== 200 || response.body === null) {
    throw new Error(`refused: ${response.status} ${await response.text()}`)
  }
  const events: StreamEvent[] = []
  let comments = 0
  let isOver = false
  let lastEventId = options.lastEventId ?? ''
  const watchers = new Set<() => void>()
  const wake = (): void => {
    for (const watcher of watchers) watcher()
  }

  const take = (block: string): void => {
    const fields = new Map(block.split('\n').map((field) => splitField(field)))
    if (fields.has('')) comments += 1
    const data = fields.get('data')
    if (data === undefined) return
    const id = fields.get('id') ?? null
    const retry = fields.get('retry')
    lastEventId = id ?? lastEventId
    const line = JSON.parse(data) as Line
    checkLine(line)
    events.push({ id, retryMs: retry === undefined ? null : Number(retry), line })
  }

  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    let rest = ''
    try {
      for await (const chunk of body) {
        const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
        rest = blocks.pop() ?? ''
        blocks.forEach(take)
        wake()
      }
    } catch (error) {
      if (!leaving.signal.aborted) throw error
    } finally {
      isOver = true
      wake()
    }
  }
  const ended = read(response.body)
  // Whoever waits for the end meets a failure there; who waits for an event meets it as the end.
  ended.catch(() => {})

  const waitFor: StreamClient['waitFor'] = (matches, timeoutMs = 30_000) =>
    new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer)
        watchers.delete(look)
      }
      const look = (): void => {
        const found = events.find(({ line }) => matches(line))
        if (found === undefined && !isOver) return
        finish()
        if (found === undefined) reject(new Error('the stream ended while something was awaited'))
        else resolve(found)
      }
      const timer = setTimeout(() => {
        finish()
        reject(new Error(`it did not come within ${timeoutMs} ms; ${events.length} events did`))
      }, timeoutMs)
      watchers.add(look)
      look()
    })

  return {
    headers: response.headers,
    events,
    comments: () => comments,
    lastEventId: () => lastEventId,
    waitFor,
    waitForPush: async (matches, timeoutMs) => {
      const { line } = await waitFor((candidate) => isPush(candidate) && matches(candidate), timeoutMs)
      if (!isPush(line)) throw new Error('no push message')
      return line
    },
    ended,
    close: () => leaving.abort(),
  }
}

/** A field and its value; a comment's field is empty. */
const splitField = (field: string): [string, string] => {
  const at = field.indexOf(':')
  return [field.slice(0, at), field.slice(at + 1).replace(/^ /, '')]
}
