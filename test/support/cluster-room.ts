import { isOp, isPush, mintToken, openEdgeSocket, type EdgeClient, type Line } from './edge-client.ts'
import type { TestSystem } from './system.ts'

/** The weights of invites, comments and likes. */
export const weights = [4, 8, 9] as const
export type Weight = (typeof weights)[number]

/** A room with a client, and what was sent to it and has come of it. */
export type TrafficRoom = {
  readonly roomId: string
  readonly owner: string
  readonly client: EdgeClient
  /** Something that has come or is to come as a message of its own; accepted: it has to. */
  readonly sent: (key: string, accepted: boolean) => void
  readonly liked: (accepted: boolean) => void
  readonly lost: () => readonly string[]
  readonly doubled: () => readonly string[]
  readonly complaints: () => readonly string[]
  /** How many messages of a weight have come since then (of performance.now()). */
  readonly count: (weight: Weight, from: number) => number
  /** The longest time since then in which nothing of a weight came, in ms. */
  readonly longestGap: (weight: Weight, from: number) => number
}

const isWeight = (weight: number): weight is Weight => weights.some((one) => one === weight)

/** Starts the stream of a room, so that it lives on, and subscribes a client of its own to it. */
export const openTrafficRoom = async (
  { app, environment }: TestSystem,
  { owner, roomId }: { readonly owner: string; readonly roomId: string },
): Promise<TrafficRoom> => {
  const accepted = new Set<string>()
  const received = new Set<string>()
  /** How often what may come once has come. */
  const times = new Map<string, number>()
  const likes = { accepted: 0, inDoubt: 0, received: 0 }
  const arrivals: Readonly<Record<Weight, number[]>> = { 4: [], 8: [], 9: [] }
  const complaints: string[] = []

  const count = (what: string): void => void times.set(what, (times.get(what) ?? 0) + 1)

  const take = (line: Line): void => {
    if (isOp(line) && (line.op === 'gap' || line.op === 'error')) complaints.push(JSON.stringify(line))
    if (!isPush(line) || line.pos === undefined || !isWeight(line.weight)) return
    arrivals[line.weight].push(performance.now())
    const { type, data, id } = line
    if (type === 7) likes.received += Number(data['count'] ?? 1)
    if (type === 1) {
      // A pair that is invited again, as when the cancel between was not accepted, has the same session and a push of its own.
      received.add(`invite ${String(data['sessionId'])}`)
      count(`push ${id}`)
    }
    if (type === 6) {
      received.add(`comment ${String(data['comment'])}`)
      count(`comment ${String(data['comment'])}`)
    }
  }

  await app.stream('publish', roomId)
  const uid = `guest of ${owner}`
  const client = await openEdgeSocket({ url: environment.edgeUrl, uid, check: take })
  await client.connect(await mintToken({ secret: environment.edgeJwtSecret ?? '', uid }))
  await client.subscribe(roomId)
  let closing = false
  void client.closed.then(({ code }) => {
    if (!closing) complaints.push(`closed with ${code}`)
  })

  return {
    roomId,
    owner,
    client: {
      ...client,
      close: () => {
        closing = true
        return client.close()
      },
    },
    sent: (key, isAccepted) => {
      if (isAccepted) accepted.add(key)
    },
    liked: (isAccepted) => {
      likes[isAccepted ? 'accepted' : 'inDoubt'] += 1
    },
    lost: () => {
      const missing = likes.accepted - likes.received
      return [
        ...[...accepted].filter((key) => !received.has(key)),
        ...(missing > 0 ? [`${missing} likes in ${roomId}`] : []),
      ]
    },
    doubled: () => {
      const surplus = likes.received - likes.accepted - likes.inDoubt
      return [
        ...[...times].filter(([, count]) => count > 1).map(([what]) => what),
        ...(surplus > 0 ? [`${surplus} likes in ${roomId}`] : []),
      ]
    },
    complaints: () => complaints,
    count: (weight, from) => arrivals[weight].filter((at) => at >= from).length,
    longestGap: (weight, from) => {
      const marks = [from, ...arrivals[weight].filter((at) => at >= from), performance.now()]
      return Math.max(...marks.slice(1).map((at, index) => at - (marks[index] ?? at)))
    },
  }
}
