import { once } from 'node:events'
import { SignJWT } from 'jose'
import { WebSocket } from 'ws'

/** A push message as it stands on the wire; `pos` is absent on 103 and 104, `asOf` is there on 104 alone. */
export type PushLine = {
  readonly type: number
  readonly time: number
  readonly data: Readonly<Record<string, unknown>>
  readonly room: string
  readonly weight: number
  readonly pos?: number
  readonly id: string
  readonly asOf?: Positions
}

/** An answer or a notice of the edge: `connected`, `subscribed`, `error`, `gap`, `reconnect` and so on. */
export type OpLine = {
  readonly op: string
  readonly room?: string
  readonly code?: number
  readonly message?: string
  readonly connection?: string
  readonly pingMs?: number
  readonly epoch?: string
  readonly positions?: Positions
  readonly recovered?: boolean
  readonly weight?: number
  readonly dropped?: number
  readonly afterMs?: number
}

export type Line = PushLine | OpLine
export type Positions = Readonly<Record<string, number>>
export type Closed = { readonly code: number; readonly reason: string }

export const isPush = (line: Line): line is PushLine => 'type' in line
export const isOp = (line: Line): line is OpLine => 'op' in line

export type WaitOptions = {
  /** Only lines from this index of `lines` on count (default 0: also what has come already). */
  readonly from?: number
  /** Default 30 s. */
  readonly timeoutMs?: number
}

/** One WebSocket connection to an edge; it keeps every line that it received, in order. */
export type EdgeClient = {
  readonly uid: string
  /** Every JSON object received so far, in order. */
  readonly lines: readonly Line[]
  /** Every text frame received so far. */
  readonly frames: readonly string[]
  /** The push messages among `lines`. */
  readonly messages: () => readonly PushLine[]
  /** Sends any frame as it is. */
  readonly send: (frame: string) => void
  /** Connects (again) with a token; resolves with the answer `connected` or `error`. */
  readonly connect: (token: string) => Promise<OpLine>
  /** Resolves with the answer `subscribed` or `error`; message 104 comes after it. */
  readonly subscribe: (room: string, resume?: { epoch: string; positions: Positions }) => Promise<OpLine>
  readonly unsubscribe: (room: string) => Promise<OpLine>
  readonly ping: () => Promise<OpLine>
  /** The first line that matches, among those received or still to come; rejects at the deadline or when the socket closes. */
  readonly waitForLine: (matches: (line: Line) => boolean, options?: WaitOptions) => Promise<Line>
  /** The first push message that matches (a number: of that type). */
  readonly waitForPush: (matches: number | ((message: PushLine) => boolean), options?: WaitOptions) => Promise<PushLine>
  /** The first `count` push messages that match, in the order of their arrival. */
  readonly waitForPushes: (
    count: number,
    matches: (message: PushLine) => boolean,
    options?: WaitOptions,
  ) => Promise<readonly PushLine[]>
  /** Stops reading from the socket, so that what the edge sends piles up; pings are not answered meanwhile. */
  readonly pause: () => void
  readonly resume: () => void
  /** Resolves with the close code, whoever closed. */
  readonly closed: Promise<Closed>
  /** Closes and waits for the end of the connection. */
  readonly close: () => Promise<void>
}

/** Long, as a machine may be busy; nothing is slower for it when all is well. */
const defaultTimeoutMs = 30_000

/**
 * A token for the edge, signed with HS256.
 * `ttlSeconds`: from now (default 1 h; negative: already expired); `rooms`: the claim that limits the rooms.
 */
export const mintToken = ({
  secret,
  uid,
  ttlSeconds = 3600,
  rooms,
}: {
  secret: string
  uid: string
  ttlSeconds?: number
  rooms?: readonly string[]
}): Promise<string> =>
  new SignJWT(rooms === undefined ? {} : { rooms: [...rooms] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(uid)
    .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
    .sign(new TextEncoder().encode(secret))

/**
 * Opens a socket to the edge, without the op `connect`. `url` is for example `ws://127.0.0.1:8081/v1/ws`.
 * Rejects when the upgrade is refused (the message has the HTTP status).
 */
export const openEdgeSocket = async ({
  url,
  uid = '',
  headers = {},
  check,
}: {
  url: string
  uid?: string
  headers?: Readonly<Record<string, string>>
  /** Sees every line that is received; what it throws fails the test. */
  check?: ((line: Line) => void) | undefined
}): Promise<EdgeClient> => {
  const socket = new WebSocket(url, { headers, handshakeTimeout: defaultTimeoutMs })
  const lines: Line[] = []
  const frames: string[] = []
  const watchers = new Set<() => void>()
  let ended: Closed | undefined
  const wake = (): void => {
    for (const watcher of watchers) watcher()
  }
  const closed = new Promise<Closed>((resolve) => {
    socket.once('close', (code, reason) => {
      ended = { code, reason: reason.toString('utf8') }
      resolve(ended)
      wake()
    })
  })
  socket.on('message', (data: Buffer) => {
    const frame = data.toString('utf8')
    frames.push(frame)
    for (const text of frame.split('\n')) {
      if (text === '') continue
      const line = JSON.parse(text) as Line
      lines.push(line)
      check?.(line)
    }
    wake()
  })
  await once(socket, 'open')
  // once() above has thrown if the upgrade failed; from here on an error is always followed by 'close'.
  socket.on('error', () => {})

  const wait = <T>(what: () => T | undefined, timeoutMs: number): Promise<T> =>
    new Promise((resolve, reject) => {
      const settle = (): boolean => {
        const found = what()
        if (found !== undefined) resolve(found)
        else if (ended !== undefined) reject(new Error(`socket of ${uid} closed with ${ended.code} while waiting`))
        else return false
        return true
      }
      if (settle()) return
      const finish = (): void => {
        clearTimeout(timer)
        watchers.delete(watcher)
      }
      const watcher = (): void => {
        if (settle()) finish()
      }
      const timer = setTimeout(() => {
        finish()
        reject(new Error(`${uid} did not receive it within ${timeoutMs} ms; last of ${lines.length}: ${tail(lines)}`))
      }, timeoutMs)
      watchers.add(watcher)
    })

  const waitForLine: EdgeClient['waitForLine'] = (matches, { from = 0, timeoutMs = defaultTimeoutMs } = {}) =>
    wait(() => lines.find((line, index) => index >= from && matches(line)), timeoutMs)

  const waitForPushes: EdgeClient['waitForPushes'] = (
    count,
    matches,
    { from = 0, timeoutMs = defaultTimeoutMs } = {},
  ) =>
    wait(() => {
      const found = lines.slice(from).filter(isPush).filter(matches)
      return found.length >= count ? found.slice(0, count) : undefined
    }, timeoutMs)

  const request = async (frame: object, answers: (line: OpLine) => boolean): Promise<OpLine> => {
    const from = lines.length
    socket.send(JSON.stringify(frame))
    const answer = await waitForLine((line) => isOp(line) && (line.op === 'error' || answers(line)), { from })
    return answer as OpLine
  }

  return {
    uid,
    lines,
    frames,
    messages: () => lines.filter(isPush),
    send: (frame) => socket.send(frame),
    connect: (token) => request({ op: 'connect', token }, ({ op }) => op === 'connected'),
    subscribe: (room, resume) =>
      request({ op: 'subscribe', room, ...(resume === undefined ? {} : { resume }) }, (line) => {
        return line.op === 'subscribed' && line.room === room
      }),
    unsubscribe: (room) =>
      request({ op: 'unsubscribe', room }, (line) => line.op === 'unsubscribed' && line.room === room),
    ping: () => request({ op: 'ping' }, ({ op }) => op === 'pong'),
    waitForLine,
    waitForPush: async (matches, options) => {
      const test = typeof matches === 'number' ? (message: PushLine) => message.type === matches : matches
      const line = await waitForLine((candidate) => isPush(candidate) && test(candidate), options)
      return line as PushLine
    },
    waitForPushes,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    closed,
    close: async () => {
      socket.resume()
      socket.close()
      const deadline = setTimeout(() => socket.terminate(), 2_000)
      await closed
      clearTimeout(deadline)
    },
  }
}

/**
 * Opens a socket, connects as `uid` with a fresh token and subscribes to the rooms, one after the other.
 * Rejects when the edge refuses any of it.
 */
export const joinRooms = async ({
  url,
  secret,
  uid,
  rooms,
  headers,
  check,
}: {
  url: string
  secret: string
  uid: string
  rooms: readonly string[]
  headers?: Readonly<Record<string, string>>
  check?: (line: Line) => void
}): Promise<EdgeClient> => {
  const client = await openEdgeSocket({ url, uid, check, ...(headers === undefined ? {} : { headers }) })
  const answers = [await client.connect(await mintToken({ secret, uid }))]
  for (const room of rooms) answers.push(await client.subscribe(room))
  const refused = answers.find(({ op }) => op === 'error')
  if (refused === undefined) return client
  await client.close()
  throw new Error(`the edge refused ${uid}: ${refused.code} ${refused.message}`)
}

const tail = (lines: readonly Line[]): string =>
  lines
    .slice(-5)
    .map((line) => (isPush(line) ? `${line.type}` : line.op))
    .join(', ')
