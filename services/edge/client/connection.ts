import { createAcknowledgements } from './acknowledgements.ts'
import { openState, type CancelTimer, type Environment } from './environment.ts'
import type { Resume } from './room.ts'
import { createSilence } from './silence.ts'
import { parseFrame, utf8Bytes, type Line, type OpLine, type PushLine, type SubscribedLine } from './wire.ts'

/** What is answered, in the order in which it was asked. */
export type Question =
  | { readonly op: 'connect'; readonly token: string }
  | { readonly op: 'subscribe'; readonly room: string; readonly resume: Resume | null }
  | { readonly op: 'unsubscribe'; readonly room: string }

/** What a connection tells; nothing any more once it has ended or was closed. */
export type ConnectionEvents = {
  /** Also after a new token was taken. */
  readonly connected: (id: string, token: string) => void
  readonly subscribed: (question: Question, answer: SubscribedLine) => void
  /** A room was left without being asked for. */
  readonly unsubscribed: (room: string) => void
  readonly refused: (question: Question | undefined, error: OpLine & { readonly op: 'error' }) => void
  readonly pushed: (line: PushLine) => void
  readonly gap: (line: OpLine & { readonly op: 'gap' }) => void
  readonly reconnect: (afterMs: number) => void
  /** By the edge, by the network, or because nothing came any more. */
  readonly ended: (code: number, reason: string) => void
}

export type ConnectionLimits = {
  /** Bytes of comments and likes that may be on their way; null: the edge finds out by itself. */
  readonly windowBytes: number | null
  /** From the first attempt to the answer `connected`. */
  readonly connectTimeoutMs: number
  /** For any other answer. */
  readonly answerTimeoutMs: number
}

/** One WebSocket, from its opening to its end. */
export type Connection = {
  readonly ask: (question: Question) => void
  /** Finds out whether the edge is still there. */
  readonly check: () => void
  /** Ends it; nothing is told of it any more. */
  readonly close: () => void
}

/** What a WebSocket itself says of a connection that ended without a word. */
const abnormal = 1006

export const openConnection = ({
  url,
  token,
  limits: { windowBytes, connectTimeoutMs, answerTimeoutMs },
  environment,
  events,
}: {
  url: string
  token: string
  limits: ConnectionLimits
  environment: Environment
  events: ConnectionEvents
}): Connection => {
  const asked: { readonly question: Question; readonly cancel: CancelTimer }[] = []
  let isOver = false
  const { setTimer } = environment
  const socket = environment.openSocket(url)

  const close = (): void => {
    if (isOver) return
    isOver = true
    cancelConnect()
    acks?.stop()
    silence.stop()
    for (const { cancel } of asked) cancel()
    socket.close(1000)
  }
  const end = (code: number, reason: string): void => {
    if (isOver) return
    close()
    events.ended(code, reason)
  }
  const cancelConnect = setTimer(() => end(abnormal, 'not connected in time'), connectTimeoutMs)

  const send = (frame: object): void => {
    if (socket.readyState === openState) socket.send(JSON.stringify(frame))
  }
  const acks =
    windowBytes === null
      ? null
      : createAcknowledgements(windowBytes, environment, (bytes) => send({ op: 'ack', bytes }))
  const silence = createSilence(environment, {
    ask: () => send({ op: 'ping' }),
    onSilent: () => end(abnormal, 'silent'),
  })

  const ask = (question: Question): void => {
    const cancel = setTimer(() => end(abnormal, 'no answer'), answerTimeoutMs)
    asked.push({ question, cancel })
    const { op } = question
    if (op === 'connect') {
      send({ op, token: question.token, ...(windowBytes === null ? {} : { window: windowBytes }) })
    } else if (op === 'subscribe') {
      send({ op, room: question.room, ...(question.resume === null ? {} : { resume: question.resume }) })
    } else {
      send(question)
    }
  }
  /** The oldest question, if `isMeant` says that it is the one. */
  const answered = (isMeant: (question: Question) => boolean): Question | undefined => {
    const [oldest] = asked
    if (oldest === undefined || !isMeant(oldest.question)) return undefined
    asked.shift()
    oldest.cancel()
    return oldest.question
  }

  const take = (line: Line): void => {
    if (!('op' in line)) return events.pushed(line)
    switch (line.op) {
      case 'connected': {
        const question = answered(({ op }) => op === 'connect')
        if (question?.op !== 'connect') return
        cancelConnect()
        silence.begin(line.pingMs)
        return events.connected(line.connection, question.token)
      }
      case 'subscribed': {
        const question = answered((oldest) => oldest.op === 'subscribe' && oldest.room === line.room)
        return question === undefined ? undefined : events.subscribed(question, line)
      }
      case 'unsubscribed': {
        const question = answered((oldest) => oldest.op === 'unsubscribe' && oldest.room === line.room)
        return question === undefined ? events.unsubscribed(line.room) : undefined
      }
      case 'error':
        return events.refused(
          answered(() => true),
          line,
        )
      case 'gap':
        return events.gap(line)
      case 'reconnect':
        return events.reconnect(line.afterMs)
      case 'pong':
    }
  }

  const receive = (frame: string): void => {
    silence.heard()
    let lines: readonly Line[]
    try {
      lines = parseFrame(frame)
    } catch {
      return end(1007, 'a frame that is not JSON')
    }
    for (const line of lines) if (!isOver) take(line)
    // After the listeners: what is acknowledged has been dealt with.
    if (!isOver) acks?.add(utf8Bytes(frame))
  }

  let isOpen = false
  socket.addEventListener('open', () => {
    isOpen = true
    if (!isOver) ask({ op: 'connect', token })
  })
  socket.addEventListener('message', ({ data }) => {
    if (!isOver && typeof data === 'string') receive(data)
  })
  socket.addEventListener('close', ({ code = abnormal, reason = '' }) => end(code, reason))
  socket.addEventListener('error', () => {
    // Followed by 'close', save in Node.js 22 when the way breaks off during the handshake.
    if (!isOpen) end(abnormal, 'could not connect')
  })
  return { ask, check: silence.probe, close }
}
