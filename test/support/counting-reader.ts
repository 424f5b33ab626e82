import { isOp, isPush, mintToken, openEdgeSocket, type Line } from './edge-client.ts'
import { jwtSecret } from './edge-stage.ts'
import { openLightClient } from './light-client.ts'
import { openThrottledProxy } from './throttled-proxy.ts'

/** A client in one room that adds up what it receives, and keeps no more than that. */
export type CountingReader = {
  /**
   * Bytes received of messages that may be dropped or merged (weights 8 and 9) and of the notices in their place. Newlines between
   * them are not counted: the last one of a frame has none, and where frames end is not seen here.
   */
  readonly bulkBytes: () => number
  /** The same at the moment in which a message began to come; undefined: it has not come. */
  readonly bulkBytesBefore: (id: string) => number | undefined
  /** Ids of messages of weights 4 and 5, in the order in which they came. */
  readonly signals: () => readonly string[]
  readonly comments: () => number
  /** Comments that were left out, as announced; NaN when a number was not told. */
  readonly dropped: () => number
  /** Sum of the counts of likes. */
  readonly likes: () => number
  /** Whether a message was received. */
  readonly has: (id: string) => boolean
  /** Receives as fast as it can from now on. */
  readonly hurry: () => void
  readonly close: () => Promise<void>
}

type Options = { readonly url: string; readonly uid: string; readonly roomId: string }

/** Adds up what comes, line by line. */
const createCounts = () => {
  const before = new Map<string, number>()
  const signals: string[] = []
  const sums = { bulkBytes: 0, comments: 0, dropped: 0, likes: 0 }
  return {
    take: (line: Line, bytes: number): void => {
      if (isOp(line)) {
        if (line.op !== 'gap') return
        sums.bulkBytes += bytes
        sums.dropped += line.dropped ?? NaN
        return
      }
      before.set(line.id, sums.bulkBytes)
      if (line.weight < 8) {
        if (line.pos !== undefined) signals.push(line.id)
        return
      }
      sums.bulkBytes += bytes
      if (line.type === 6) sums.comments += 1
      if (line.type === 7) sums.likes += Number(line.data['count'] ?? 1)
    },
    reader: {
      bulkBytes: () => sums.bulkBytes,
      bulkBytesBefore: (id: string) => before.get(id),
      has: (id: string) => before.has(id),
      signals: () => signals,
      comments: () => sums.comments,
      dropped: () => sums.dropped,
      likes: () => sums.likes,
    },
  }
}

/**
 * A client that acknowledges what it has read, with a window of its own.
 * @param bytesPerSecond reads so slowly; absent: as fast as it can
 */
export const openAcknowledgingReader = async ({
  url,
  uid,
  roomId,
  bytesPerSecond,
  windowBytes,
}: Options & { readonly windowBytes: number; readonly bytesPerSecond?: number }): Promise<CountingReader> => {
  const { take, reader } = createCounts()
  const joined = Promise.withResolvers<void>()
  const client = await openLightClient({
    url,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ackEveryBytes: windowBytes / 4,
    onLine: (text) => {
      const line = JSON.parse(text) as Line
      take(line, Buffer.byteLength(text))
      if (isPush(line) && line.type === 104) joined.resolve()
      if (isOp(line) && line.op === 'error') joined.reject(new Error(`refused: ${line.code} ${line.message}`))
    },
  })
  const token = await mintToken({ secret: jwtSecret, uid })
  client.send(JSON.stringify({ op: 'connect', token, window: windowBytes }))
  client.send(JSON.stringify({ op: 'subscribe', room: roomId }))
  await joined.promise
  return {
    ...reader,
    hurry: client.hurry,
    close: async () => {
      client.destroy()
      await client.closed
    },
  }
}

/** A client of an ordinary library, which knows nothing of windows, behind a slow link. */
export const openReaderBehindSlowLink = async ({
  url,
  uid,
  roomId,
  bytesPerSecond,
}: Options & { readonly bytesPerSecond: number }): Promise<CountingReader> => {
  const { take, reader } = createCounts()
  const proxy = await openThrottledProxy(url, bytesPerSecond)
  const client = await openEdgeSocket({ url: proxy.url, uid })
  await client.connect(await mintToken({ secret: jwtSecret, uid }))
  await client.subscribe(roomId)
  let counted = 0
  const count = (): typeof reader => {
    for (; counted < client.lines.length; counted += 1) {
      const line = client.lines[counted]
      if (line !== undefined) take(line, Buffer.byteLength(JSON.stringify(line)))
    }
    return reader
  }
  return {
    bulkBytes: () => count().bulkBytes(),
    bulkBytesBefore: (id) => count().bulkBytesBefore(id),
    has: (id) => count().has(id),
    signals: () => count().signals(),
    comments: () => count().comments(),
    dropped: () => count().dropped(),
    likes: () => count().likes(),
    hurry: proxy.hurry,
    close: async () => {
      await client.close()
      await proxy.close()
    },
  }
}
