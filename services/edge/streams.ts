import { createStreamLink, type StreamLink } from './adapters/sse.ts'
import { Connection } from './connection.ts'
import { parseResumePoint, readBy, streamWindowBytes, type ResumePoint } from './domain/event-stream.ts'
import { closeCodes, isRoom, roomExpected, type CloseReason } from './domain/protocol.ts'
import { clearAway, retryAfterSeconds, type Door } from './door.ts'
import { inTurn } from './in-turn.ts'
import type { ResponseStream, StreamEvents, StreamRequest } from './stream.ts'

/** One client's stream; null: its request was refused before it became a connection. */
type Session = {
  readonly connection: Connection
  readonly link: StreamLink
  /** Until when what was sent counts as read at an even pace. */
  readAt: number
  /** Why the edge ended it. */
  closedBy: CloseReason | null
} | null

/** What a good request asks for. */
type Wish = { readonly room: string; readonly token: string; readonly resume: ResumePoint | null }

type Refusal = { readonly code: keyof typeof statuses; readonly message: string }

/** With what a request for a stream is refused. */
export const statuses = {
  400: '400 Bad Request',
  401: '401 Unauthorized',
  403: '403 Forbidden',
  404: '404 Not Found',
  429: '429 Too Many Requests',
  503: '503 Service Unavailable',
} as const

const bearer = /^Bearer +(\S+)$/i
/** How a connection ends whose client went by itself, as on a WebSocket that breaks off. */
const goneCode = 1006

/** The door for those whose way is closed to WebSockets: one room, server-sent events, refusals as HTTP statuses. */
export const createStreams = (
  door: Door,
): {
  readonly events: StreamEvents<Session>
  /** Lets time count as reading, for every stream. To be called about every second. */
  readonly sweep: () => void
} => {
  const { roster, verifyToken, subscriptions, delivery, nameOf, metrics, clock, log } = door
  const sessions = new Set<NonNullable<Session>>()

  const refuse = (response: ResponseStream, origin: string, { code, message }: Refusal): null => {
    metrics.refused(code)
    const retry = code === 429 || code === 503 ? { 'Retry-After': String(retryAfterSeconds) } : {}
    const challenge = code === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}
    const headers = { ...readableFrom(origin), ...retry, ...challenge, 'Content-Type': 'application/json' }
    response.refuse(statuses[code], headers, JSON.stringify({ code, message }))
    return null
  }

  /** Ends a stream that has begun; before that it is refused. */
  const end = (session: NonNullable<Session>, response: ResponseStream, origin: string, reason: CloseReason): void => {
    session.closedBy ??= reason
    if (session.link.hasBegun()) response.end()
    else refuse(response, origin, refusalBy(reason))
  }

  const open = async (connection: Connection, wish: Wish): Promise<Refusal | undefined> => {
    const verdict = await verifyToken(wish.token)
    if (connection.isClosed) return undefined
    if (!verdict.ok) return refusedTokens[verdict.why]
    if (roster.identify(connection, verdict.claims) !== 'identified') return refusalBy('tooManyConnections')
    return subscriptions.subscribe(connection, wish.room, wish.resume)
  }

  const requested = (request: StreamRequest, response: ResponseStream): Session => {
    const { origin, address } = request
    const admission = roster.admit(origin)
    if (admission === 'forbidden') return refuse(response, '', refusedAdmissions.forbidden)
    if (admission === 'full') return refuse(response, origin, refusedAdmissions.full)
    const wish = wishOf(request)
    if ('code' in wish) return refuse(response, origin, wish)
    const link = createStreamLink({
      response,
      moreHeaders: readableFrom(origin),
      onAlive: () => void (connection.heardAt = clock.now()),
      onClose: (reason) => end(session, response, origin, reason),
    })
    const openedAt = clock.now()
    const connection = new Connection({ id: nameOf(), link, address, openedAt, canFollow: false })
    connection.flow.setWindow(streamWindowBytes)
    const session: NonNullable<Session> = { connection, link, readAt: openedAt, closedBy: null }
    sessions.add(session)
    const failed = (error: unknown): void => {
      log.warn({ connection: connection.id, err: error }, 'a stream could not be opened')
      connection.close('sourceLost')
    }
    if (!roster.enter(connection)) connection.close('tooManyConnections')
    else {
      const begin = async (): Promise<void> => {
        const refusal = await open(connection, wish)
        if (refusal === undefined || connection.isClosed) return
        // A drain may have told it to come back meanwhile.
        if (link.hasBegun()) connection.close('sourceLost')
        else refuse(response, origin, refusal)
      }
      inTurn(connection, begin, failed)
    }
    return session
  }

  const sweep = (): void => {
    const now = clock.now()
    for (const session of sessions) {
      const { connection, link } = session
      const { sent, inFlight } = connection.flow
      const elapsedMs = now - session.readAt
      session.readAt = now
      // Nothing can be heard of a client that waits for its answer; that wait has deadlines of its own.
      if (!link.hasBegun()) connection.heardAt = now
      // A pace is a guess; that something waits for the kernel is known.
      if (inFlight === 0 || !link.isTaken()) continue
      delivery.acknowledged(connection, readBy(sent - inFlight, { sentBytes: sent, elapsedMs }))
    }
  }

  return {
    events: {
      asked: (origin) => (roster.admit(origin) === 'forbidden' ? null : { ...readableFrom(origin), ...mayAsk }),
      requested,
      drained: (session) => {
        if (session === null) return
        session.link.drained()
        delivery.drained(session.connection)
      },
      closed: (session) => {
        if (session === null) return
        const { connection, closedBy } = session
        sessions.delete(session)
        clearAway(door, connection, closedBy === null ? goneCode : closeCodes[closedBy])
      },
    },
    sweep,
  }
}

/** Lets a page of this origin read the answer (Fetch standard, section 3.3.5); it was admitted before, or is told why not. */
const readableFrom = (origin: string): Readonly<Record<string, string>> =>
  origin === '' ? {} : { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' }

const mayAsk = {
  'Access-Control-Allow-Methods': 'GET',
  'Access-Control-Allow-Headers': 'Authorization, Last-Event-ID, Cache-Control',
  'Access-Control-Max-Age': '600',
}

const refusedAdmissions = {
  forbidden: { code: 403, message: 'origin: it is not allowed' },
  full: { code: 503, message: 'this instance takes nobody now' },
} as const

const refusedTokens = {
  invalid: { code: 401, message: 'authorization: a valid token is expected, as Bearer' },
  expired: { code: 401, message: 'authorization: the token has run out' },
  unverifiable: { code: 503, message: 'tokens cannot be checked now' },
} as const

const refusalBy = (reason: CloseReason): Refusal => {
  switch (reason) {
    case 'tooManyConnections':
      return { code: 429, message: 'too many connections of this user or address' }
    case 'tokenExpired':
      return refusedTokens.expired
    case 'tokenInvalid':
      return refusedTokens.invalid
    default:
      return { code: 503, message: 'the room cannot be had now' }
  }
}

/** Null for whoever does not resume. */
const wishOf = ({ room, authorization, lastEventId }: StreamRequest): Wish | Refusal => {
  if (!isRoom(room)) return { code: 400, message: roomExpected }
  const resume = lastEventId === '' ? null : parseResumePoint(lastEventId)
  if (resume === undefined) return { code: 400, message: 'Last-Event-ID: an id of this stream is expected' }
  const [, token] = bearer.exec(authorization) ?? []
  return token === undefined ? refusedTokens.invalid : { room, token, resume }
}
