import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../shared/clock.ts'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import type { Fetched } from '../shared/kafka/reader.ts'
import { isProbeRoom } from '../shared/probe-rooms.ts'
import type { RecordReader } from '../shared/record-reader.ts'
import type { Line } from './domain/line.ts'
import type { Ring } from './domain/ring.ts'
import { keepRead, keepUnread, lineFrom, type LaneName, type Logged } from './logged.ts'
import type { TakeProbe } from './probe.ts'
import { misfit, pushOf } from './push.ts'

/** How far each lane of a partition has been read, and what is kept of it. */
export type LaneProgress = {
  /** When the partition was opened, epoch milliseconds. */
  readonly openedAt: number
  /** The next offset of each lane that its members have not been given yet. */
  readonly positions: Record<LaneName, number>
  /** The recent messages of all rooms; what is at or beyond `positions` has been given to nobody yet. */
  readonly rings: Record<LaneName, Ring<Logged>>
}

/**
 * Takes in what was fetched of a lane: gives lines to who is here, keeps everything. It stops when `isOver` says so, which
 * can only change while it waits. The position moves with each record, so records that come again are given once.
 */
export type ReadLane = (
  lane: LaneName,
  fetched: Fetched,
  progress: LaneProgress,
  isOver: () => boolean,
) => Promise<void>

/** After so many records of a bulk lane others get their turn: one batch of a producer comes whole, however small a fetch is. */
const turnRecords = 500

export const createLaneReading = ({
  records,
  homeOf,
  onLine,
  takeProbe,
  clock,
}: {
  records: RecordReader
  /** The partition of a room whose messages somebody here wants; undefined: nobody does, and they are not even decoded. */
  homeOf: (roomId: string) => number | undefined
  /** `inputPos`: the offset in `room.input` that caused a signal; -1 for anything else. `type`: of the record in the message. */
  onLine: (line: Line, inputPos: number, message: IncomingMessage, type: string) => void
  /** Of what is neither kept nor given to anybody. */
  takeProbe: TakeProbe
  clock: Clock
}): ReadLane => {
  return async (lane, { partition, messages, position }, { openedAt, positions, rings }, isOver) => {
    const ring = rings[lane]
    const nowMs = clock.now()
    let inTurn = 0
    for (const message of messages) {
      // Records come again when they could not be taken to the end; nobody is to get one twice.
      if (message.offset < positions[lane]) continue
      positions[lane] = message.offset
      const roomId = message.key?.toString('latin1') ?? ''
      if (lane === 'signal' && isProbeRoom(roomId)) {
        takeProbe(message, openedAt)
        continue
      }
      const home = homeOf(roomId)
      if (home === undefined) ring.append(keepUnread(message, { room: roomId, lane, keptAt: nowMs }))
      else {
        const decoded = records.read(message)
        const record = decoded instanceof Promise ? await decoded : decoded
        if (isOver()) return
        const push = record === undefined ? undefined : pushOf(record, lane)
        const why = push === undefined ? undefined : misfit(push, roomId, home === partition)
        if (why !== undefined) await records.putAside(message, why)
        if (isOver()) return
        positions[lane] = message.offset + 1
        const line = push === undefined || why !== undefined ? undefined : lineFrom(push, message.offset)
        if (push !== undefined && line !== undefined) {
          ring.append(keepRead(message, line, push.record.eventId, nowMs))
          onLine(line, 'inputPos' in push.record ? push.record.inputPos : -1, message, push.type)
        }
      }
      inTurn += 1
      if (lane === 'signal' || inTurn < turnRecords) continue
      inTurn = 0
      await setImmediate()
      if (isOver()) return
    }
    positions[lane] = position
    ring.expire(nowMs)
  }
}
