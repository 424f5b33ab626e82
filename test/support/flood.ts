import { setTimeout as sleep } from 'node:timers/promises'
import { aComment, aLike } from './edge-records.ts'
import { record, type EdgeStage } from './edge-stage.ts'

/** What a flood has written to a room. */
export type Flooded = {
  readonly comments: number
  /** Sum of their counts. */
  readonly likes: number
}

export type Flood = {
  readonly written: () => Flooded
  /** Writes nothing more; resolves when the broker has all of it. */
  readonly stop: () => Promise<Flooded>
}

const sliceMs = 10
/** The broker has not answered for so many: the flood waits rather than fill this process. */
const maxUnderWay = 40_000
/** After a pause it catches up in steps. */
const mostAtOnce = 2_000
const comment = 'A comment of a usual length, as somebody types it while a live is on.'

/** Writes comments and likes to a room at these rates (a second), evenly, until it is stopped. */
export const startFlood = ({
  stage,
  roomId,
  commentsPerSecond,
  likesPerSecond,
  likeCount = 1,
}: {
  readonly stage: Pick<EdgeStage, 'write'>
  readonly roomId: string
  readonly commentsPerSecond: number
  /** Records, each of `likeCount` likes. */
  readonly likesPerSecond: number
  readonly likeCount?: number
}): Flood => {
  const stopping = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  let records = 0
  let failure: Error | undefined
  const sent = { comments: 0, likes: 0 }

  const written = (): Flooded => ({ comments: sent.comments, likes: sent.likes * likeCount })

  const begin = (comments: number, likes: number): void => {
    sent.comments += comments
    sent.likes += likes
    records += comments + likes
    const writing = stage
      .write(
        ...Array.from({ length: comments }, () => record('Commented', aComment({ roomId, comment }))),
        ...Array.from({ length: likes }, () => record('Liked', aLike({ roomId, count: likeCount }))),
      )
      .catch((error: unknown) => {
        failure ??= new Error('the flood was not taken', { cause: error }) // told by `stop`
      })
      .finally(() => {
        underWay.delete(writing)
        records -= comments + likes
      })
    underWay.add(writing)
  }

  const run = async (): Promise<void> => {
    const startedAt = performance.now()
    while (!stopping.signal.aborted) {
      const seconds = (performance.now() - startedAt) / 1000
      const due = (perSecond: number, before: number): number =>
        Math.min(Math.floor(seconds * perSecond) - before, mostAtOnce)
      const comments = due(commentsPerSecond, sent.comments)
      const likes = due(likesPerSecond, sent.likes)
      if (records < maxUnderWay && comments + likes > 0) begin(comments, likes)
      await sleep(sliceMs)
    }
  }
  const running = run()

  return {
    written,
    stop: async () => {
      stopping.abort()
      await running
      await Promise.all(underWay)
      if (failure !== undefined) throw failure
      return written()
    },
  }
}
