import type { Demand } from './demand.ts'
import { fetchesPerSecond, type Fetching } from './fetches.ts'
import type { Values } from './figures.ts'
import type { Traffic } from './traffic.ts'

/** What one of so many edges has to do. */
export type EdgeNeed = {
  readonly connections: number
  readonly rooms: number
  readonly partitions: number
  /** Processors by what they are used for. */
  readonly cores: Readonly<
    Record<'frames' | 'records' | 'states' | 'viewers' | 'fetches' | 'arrivals' | 'rest', number>
  >
  readonly memoryMib: number
  /** Messages of connections in a second; what waits for others of its room counts once. */
  readonly frames: number
  readonly outMbit: number
  readonly fetches: number
  /** Records of room.presence that all edges write in a second. */
  readonly presence: number
  readonly inBytes: number
}

/** As `services/edge/adapters/lanes.ts`, `room-states.ts` and `presence-log.ts` read, and what they keep. */
const kib = 1024
const mib = 1024 * kib
const lanes = {
  comment: { minBytes: 64 * kib, maxWaitMs: 4, idleWaitMs: 100 },
  like: { minBytes: 64 * kib, maxWaitMs: 20, idleWaitMs: 100 },
  state: { minBytes: 256 * kib, maxWaitMs: 25, idleWaitMs: 100 },
  presence: { minBytes: 256 * kib, maxWaitMs: 100, idleWaitMs: 200 },
} as const
const rings = {
  signal: { seconds: 600, bytes: 32 * mib },
  comment: { seconds: 60, bytes: 8 * mib },
  like: { seconds: 30, bytes: 8 * mib },
} as const
const queuedBytes = 256 * mib
const queuedOfSlowBytes = 64 * kib
const presenceEverySeconds = 20
const presenceAtMostPerSecond = 0.5
/** Rooms of so many members let comments and likes wait for each other: until the last are written, and 1 µs a member, at most 50 ms. */
const hotMembers = 1_000
const hotWaitSeconds = 0.05

/** Part of so many places that are taken when so many are taken at random. */
const covered = (places: number, drawn: number): number => places * (1 - (1 - 1 / places) ** drawn)

const placesOf = (
  { SPREAD: spread, ROOMS: rooms }: Demand,
  { audience }: Traffic,
  { edges, partitions }: { readonly edges: number; readonly partitions: number },
): { readonly rooms: number; readonly partitions: number } => {
  if (spread === 'any') {
    const here = edges === 1 ? rooms : (rooms / edges) * covered(edges, audience)
    return { rooms: here, partitions: covered(partitions, here) }
  }
  const here = Math.max(1, rooms / edges)
  const ofPartition = Math.max(1, Math.min(partitions, Math.ceil(partitions / edges)))
  return { rooms: here, partitions: spread === 'room' ? covered(partitions, here) : Math.min(ofPartition, here) }
}

export const edgeNeed = (
  demand: Demand,
  traffic: Traffic,
  of: Values,
  { edges, partitions, brokers }: { readonly edges: number; readonly partitions: number; readonly brokers: number },
): EdgeNeed => {
  const here = placesOf(demand, traffic, { edges, partitions })
  const connections = demand.CLIENTS / edges
  const membersHere = connections / here.rooms
  const share = here.partitions / partitions
  const comesAndGoes = (2 * membersHere) / (demand.STAY_MINUTES * 60)
  const presenceOfRoom = 1 / presenceEverySeconds + Math.min(presenceAtMostPerSecond, comesAndGoes)
  const presence = edges * here.rooms * presenceOfRoom
  const bulk = (traffic.comments + traffic.likes) * share
  const bulkHere = ((traffic.comments + traffic.likes) * here.rooms) / demand.ROOMS
  const viewerCounts = Math.min(presenceAtMostPerSecond, (2 * traffic.audience) / (demand.STAY_MINUTES * 60))
  const framesOfRoom = framesPerSecond(demand.COMMENTS + demand.LIKES, membersHere, of.edgeFrameUs) + viewerCounts
  const frames = connections * (framesOfRoom + traffic.signals / demand.ROOMS)

  const asks = [
    [lanes.comment, traffic.comments * share, traffic.bytes.pushComment * share],
    [lanes.like, traffic.likes * share, traffic.bytes.pushLike * share],
    [
      { ...lanes.comment, minBytes: 1, maxWaitMs: of.fetchRoundTripMs },
      traffic.signals * share,
      traffic.bytes.pushSignal * share,
    ],
    [lanes.state, traffic.states, traffic.bytes.roomState],
    [lanes.presence, presence * share, presence * share * of.presenceBytes],
  ] as const
  // A broker is asked for the partitions that it leads; states come from all of them.
  const asked = (how: Fetching): number =>
    how === lanes.state ? brokers : Math.min(brokers, Math.ceil(here.partitions))
  const fetches = asks.reduce(
    (sum, [how, records, bytes]) => sum + fetchesPerSecond(how, { records, bytes, brokers: asked(how) }),
    0,
  )
  const ringBytes = (lane: keyof typeof rings, perSecond: number): number =>
    here.partitions * Math.min(rings[lane].bytes, (rings[lane].seconds * perSecond) / partitions)

  return {
    connections,
    rooms: here.rooms,
    partitions: here.partitions,
    cores: {
      frames: (frames * of.edgeFrameUs) / 1e6,
      records: (bulkHere * of.edgeReadUs + Math.max(0, bulk - bulkHere) * of.edgeUnreadUs) / 1e6,
      states: (traffic.states * of.edgeStateUs) / 1e6,
      viewers: ((presence * share + here.rooms * presenceOfRoom) * of.edgeReadUs) / 1e6,
      fetches: (fetches * of.fetchUs) / 1e6,
      arrivals: ((traffic.arrivals / edges) * of.edgeConnectUs) / 1e6,
      rest: of.idleCores,
    },
    memoryMib:
      of.edgeBaseMib +
      (connections * of.edgeConnectionKib) / kib +
      (demand.ROOMS * of.edgeRoomKib) / kib +
      (ringBytes('comment', traffic.bytes.pushComment) +
        ringBytes('like', traffic.bytes.pushLike) +
        ringBytes('signal', traffic.bytes.pushSignal) +
        Math.min(queuedBytes, connections * demand.SLOW * queuedOfSlowBytes)) /
        mib,
    outMbit:
      (connections * (demand.COMMENTS + demand.LIKES) * of.edgeLineBytes + frames * of.frameOverheadBytes) *
      megabitPerByte,
    frames,
    fetches,
    presence,
    inBytes: asks.reduce((sum, [, , bytes]) => sum + bytes, 0),
  }
}

const megabitPerByte = 8 / 1e6

/** Frames of comments and likes that a client of a room gets in a second. */
export const framesPerSecond = (messages: number, membersHere: number, frameUs: number): number => {
  if (membersHere < hotMembers) return messages
  const writingSeconds = (membersHere * frameUs) / 1e6
  return Math.min(messages, 1 / (writingSeconds + Math.min(hotWaitSeconds, membersHere / 1e6)))
}

export const coresOf = ({ cores }: EdgeNeed): number => Object.values(cores).reduce((sum, value) => sum + value, 0)
