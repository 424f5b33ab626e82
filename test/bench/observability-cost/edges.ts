import { join } from 'node:path'
import { waitUntil } from '../../../deploy/local/wait.ts'
import { partitionFor } from '../../../services/shared/kafka/partitioner.ts'
import { metricSum } from '../../support/metric-sum.ts'
import { startChild, type Child } from '../edge/child.ts'
import { edge, type Server } from '../edge/contender.ts'
import type { CrowdApi } from '../edge/crowd.ts'
import { roomMessage, usualLineBytes } from '../edge/messages.ts'
import { appendAll, mintRooms } from '../inputs.ts'
import type { PartOptions } from '../part.ts'
import { sendAtRate } from '../send-at-rate.ts'
import { partitions, type Stage } from '../stage.ts'
import type { Seat } from './slices.ts'
import { inTrace, type Variant } from './variants.ts'

export type EdgeLoad = {
  /** Of each edge. */
  readonly rooms: number
  readonly clientsPerRoom: number
  /** Comments a second, to the rooms by turns. */
  readonly rate: number
  /** Of one slice. */
  readonly seconds: number
}

const arriveWithinMs = 15_000

/**
 * Starts an edge for each variant, with clients in rooms of partitions that no other edge reads. An edge's work is comments to its rooms,
 * at a steady rate, until all clients have all of them.
 */
export const withEdges = async (
  stage: Stage,
  variants: readonly Variant[],
  load: EdgeLoad,
  { signal }: PartOptions,
  use: (seats: readonly Seat[]) => Promise<void>,
): Promise<void> => {
  const minted = mintRooms(load.rooms * variants.length)
  const roomsOf = (index: number): readonly string[] =>
    minted.filter((roomId) => partitionFor(roomId, partitions) % variants.length === index)
  const states = minted.map((roomId) => roomMessage(stage, roomId))
  await appendAll(stage.producer, states, signal)
  const crowd = await startChild<CrowdApi>(join(import.meta.dirname, '../edge/crowd.ts'))
  const running: { readonly variant: Variant; readonly server: Server }[] = []
  try {
    const seats: Seat[] = []
    for (const [index, variant] of variants.entries()) {
      const server = await edge({ name: variant.name, env: variant.env }).start(stage)
      running.push({ variant, server })
      const { port, pid } = server
      const rooms = roomsOf(index)
      const { clientsPerRoom } = load
      const options = { acks: false, deflate: false, reads: 'in rounds' } as const
      await crowd.ask('open', { name: variant.name, port, rooms, clientsPerRoom, ...options })
      seats.push({ variant, pid, work: () => deliver(stage, { crowd, server, variant, rooms, load }, signal) })
    }
    await use(seats)
    for (const { variant, server } of running) {
      const counted = metricSum(await server.metrics(), 'roomcast_edge_messages_sent_total')
      if (counted > 0 !== variant.hasMetrics) throw new Error(`${variant.name}: ${counted} deliveries are counted`)
    }
  } finally {
    await crowd.stop()
    await Promise.all(running.map(({ server }) => server.stop()))
  }
}

const deliver = async (
  stage: Stage,
  {
    crowd,
    server,
    variant,
    rooms,
    load: { rate, seconds, clientsPerRoom },
  }: {
    readonly crowd: Child<CrowdApi>
    readonly server: Server
    readonly variant: Variant
    readonly rooms: readonly string[]
    readonly load: EdgeLoad
  },
  signal: AbortSignal,
): ReturnType<Seat['work']> => {
  await crowd.ask('reset', null)
  const sent = rate * seconds
  const comment = (nth: number) => inTrace(server.comment(rooms[nth % rooms.length] ?? '', usualLineBytes), variant)
  await sendAtRate({ rate, count: sent, send: (nth) => stage.producer.send(comment(nth)), signal })
  signal.throwIfAborted()
  const count = sent * clientsPerRoom
  const haveAll = async (): Promise<boolean> => (await crowd.ask('count', null)).heard.comments >= count
  if (!(await waitUntil(haveAll, { deadlineMs: arriveWithinMs, everyMs: 100, signal }))) {
    throw new Error(`${variant.name}: not all of ${count} deliveries arrived`)
  }
  return { count, figures: {} }
}
