import { keepRead, keepUnread, lineFrom, type Logged } from '../../../services/edge/logged.ts'
import { Ring } from '../../../services/edge/domain/ring.ts'
import { snapshotOf, type Snapshot } from '../../../services/edge/domain/snapshot.ts'
import { pushOf } from '../../../services/edge/push.ts'
import { createRoomTable, viewOf } from '../../../services/ingest/domain/room-table.ts'
import { decodeRecordBatch, DecoderClass } from '../../../services/shared/kafka/internals.ts'
import type { IncomingMessage } from '../../../services/shared/kafka/message.ts'
import { aComment, aRoom } from '../../support/edge-records.ts'
import { mintRooms } from '../inputs.ts'
import type { Figures } from '../part.ts'
import { batchOf, readValue, valueOf as encode } from './records.ts'

/** A minute's worth, as the edge keeps. */
const ringLimits = { maxBytes: 8 * 1024 * 1024, maxAgeMs: 60_000, maxForgottenRooms: 20_000 }
/** A fetch of comments brings about so many. */
const inBatch = 500
const text = 'first time in this room and already laughing, greetings all!'

type Take = (message: IncomingMessage) => void

/** Processor time in µs a record, from the bytes of a fetch on; the second half of the rounds counts. */
const time = async (batch: Buffer, rounds: number, take: Take): Promise<number> => {
  let [from, records] = [process.cpuUsage(), 0]
  for (let round = 0; round < rounds; round += 1) {
    if (round === Math.floor(rounds / 2)) [from, records] = [process.cpuUsage(), 0]
    const { records: read } = await decodeRecordBatch(new DecoderClass(batch))
    for (const { offset, key, value, timestamp } of read) {
      const at = { topic: '', partition: 0, offset: Number(offset) + round * inBatch }
      take({ ...at, key, value, headers: {}, timestamp: Number(timestamp), size: value?.length ?? 0 })
    }
    records += read.length
  }
  const { user, system } = process.cpuUsage(from)
  return (user + system) / records
}

const keyOf = ({ key }: IncomingMessage): string => key?.toString('latin1') ?? ''
const valueOf = ({ value }: IncomingMessage): Buffer => value ?? Buffer.alloc(0)
const newRing = (): Ring<Logged> => new Ring(0, ringLimits)

/** What one record costs its readers, without the request that brings it and without what clients get of it. */
export const timeReaders = async (rounds: number): Promise<Figures> => {
  const rooms = mintRooms(inBatch)
  const comments = batchOf(rooms.map((roomId) => ({ type: 'Commented', record: aComment({ roomId, comment: text }) })))
  const states = batchOf(rooms.map((roomId) => ({ type: 'Room', record: aRoom({ roomId }) })))
  const unread = newRing()
  const read = newRing()
  const snapshots = new Map<string, Snapshot>()
  const table = createRoomTable()
  const streamUrl = (stream: string): string => `http://play/${stream}`
  return {
    edgeUnreadUs: await time(comments, rounds, (message) => {
      unread.append(keepUnread(message, { room: keyOf(message), lane: 'comment', keptAt: message.timestamp }))
    }),
    edgeReadUs: await time(comments, rounds, (message) => {
      const record = readValue('Commented', valueOf(message))
      const push = pushOf({ type: 'Commented', record }, 'comment')
      const line = push === undefined ? undefined : lineFrom(push, message.offset)
      if (line !== undefined) read.append(keepRead(message, line, record.eventId, message.timestamp))
    }),
    edgeStateUs: await time(states, rounds, (message) => {
      snapshots.set(keyOf(message), snapshotOf(readValue('Room', valueOf(message)), streamUrl))
    }),
    ingestStateUs: await time(states, rounds, (message) => table.put(viewOf(readValue('Room', valueOf(message))))),
  }
}

/** Memory of a room that is known, in KiB: at an edge, and at an ingest. */
export const weighRooms = (count: number, collect: () => void): Figures => {
  const heap = (): number => {
    // What one collection has made unreachable, the next one frees.
    for (let times = 0; times < 3; times += 1) collect()
    return process.memoryUsage().heapUsed
  }
  const weigh = (keep: (roomId: string) => void): number => {
    const rooms = mintRooms(count)
    const before = heap()
    // Keys of messages are texts of their own, as here.
    for (const roomId of rooms) keep(Buffer.from(roomId).toString('latin1'))
    const after = heap()
    // Said here, so that the ids themselves are still there.
    return (after - before) / rooms.length / 1_024
  }
  const bytesOf = (roomId: string): Buffer => encode('Room', aRoom({ roomId }))
  const snapshots = new Map<string, Snapshot>()
  const table = createRoomTable()
  const edgeRoomKib = weigh((roomId) => snapshots.set(roomId, snapshotOf(readValue('Room', bytesOf(roomId)), String)))
  const ingestRoomKib = weigh((roomId) => table.put(viewOf(readValue('Room', bytesOf(roomId)))))
  // Both are still there when they are weighed.
  return { edgeRoomKib, ingestRoomKib, roomsKept: snapshots.size + table.size() }
}
