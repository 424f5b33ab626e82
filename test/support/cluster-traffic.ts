import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '../../deploy/local/wait.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { pause } from '../../services/shared/waiting.ts'
import type { Answer } from './app-server.ts'
import { openTrafficRoom, type TrafficRoom, type Weight, weights } from './cluster-room.ts'
import type { TestSystem } from './system.ts'

/** What became of the traffic: everything that was accepted is to be received once, everything else at most once. */
export type Audit = {
  /** Requests by the status of their answer; 0: there was none in time. */
  readonly answers: Readonly<Record<number, number>>
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  /** Of clients, and gaps that were announced to them. */
  readonly complaints: readonly string[]
}

/** Invites, comments and likes in rooms, with a client in each. */
export type Traffic = {
  /** Since `from` (of performance.now()): the longest time in which some room got nothing of a weight, in ms. */
  readonly longestGaps: (from: number) => Readonly<Record<Weight, number>>
  /** Resolves when every room has got three messages more of each weight; rejects at the deadline. */
  readonly goesOn: (deadlineMs: number) => Promise<void>
  /** Resolves when each room has asked twice more: what it asked first has its answer if one comes at all; rejects at the deadline. */
  readonly asksOn: (deadlineMs: number) => Promise<void>
  /** The answers of so far, by status. */
  readonly answers: () => Readonly<Record<number, number>>
  /** Begins nothing more, waits until what was accepted has come, and closes the clients. */
  readonly end: () => Promise<Audit>
}

const settleWithinMs = 30_000
const doubledWithinMs = 500
/** Rooms get random ids: after so many, one of them is in each partition. */
const maxRooms = 400
const createdAtOnce = 12
const maxUnderWay = 30

/**
 * Opens a room in each partition, and begins.
 * @param everyMs a comment and a like in each room; an invite so long after the last one was answered
 */
export const startTraffic = async (
  system: TestSystem,
  { partitions, everyMs }: { readonly partitions: number; readonly everyMs: number },
): Promise<Traffic> => {
  const { app } = system
  const stopping = new AbortController()
  const { signal } = stopping
  const answers: Record<number, number> = {}
  const comments = new Map<string, number>()

  const ask = async (request: Promise<Answer>): Promise<Answer | undefined> => {
    // No answer in time means what 503 does: it may be there or not.
    const answer = await request.catch(() => undefined)
    answers[answer?.status ?? 0] = (answers[answer?.status ?? 0] ?? 0) + 1
    return answer
  }

  const comment = async (room: TrafficRoom, number: number): Promise<void> => {
    const text = `${number} in ${room.roomId}`
    comments.set(room.roomId, number + 1)
    const answer = await ask(app.comment({ roomId: room.roomId, uid: 'bob', comment: text }))
    room.sent(`comment ${text}`, answer?.status === 200)
  }
  const like = async (room: TrafficRoom): Promise<void> => {
    const answer = await ask(app.like({ roomId: room.roomId, uid: 'bob' }))
    room.liked(answer?.status === 200)
  }
  const invite = async (room: TrafficRoom): Promise<void> => {
    const pair = { inviterUid: room.owner, inviteeUid: room.client.uid, liveRoomId: room.roomId }
    const answer = await ask(app.invite({ ...pair, inviterType: 2 }))
    if (answer?.code === 200) room.sent(`invite ${String(answer.data['sessionId'])}`, true)
    await ask(app.cancel(pair))
  }

  /** Does something at a steady pace, whether it is answered or not. */
  const steadily = async (act: (number: number) => Promise<void>): Promise<void> => {
    const underWay = new Set<Promise<void>>()
    for (let number = 0; !signal.aborted; number += 1) {
      const doing = act(number).finally(() => underWay.delete(doing))
      if (underWay.add(doing).size >= maxUnderWay) await Promise.race(underWay)
      await pause(everyMs, signal)
    }
    await Promise.all(underWay)
  }
  /** Does something again and again, each time after the last one was answered. */
  const oneByOne = async (act: () => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      await act()
      await pause(everyMs, signal)
    }
  }

  const rooms = await openRooms(system, partitions)
  const acting = rooms.map((room) =>
    Promise.all([
      steadily((number) => comment(room, number)),
      steadily(() => like(room)),
      oneByOne(() => invite(room)),
    ]),
  )

  return {
    longestGaps: (from) => {
      const longest = (weight: Weight): number => Math.max(...rooms.map((room) => room.longestGap(weight, from)))
      return { 4: longest(4), 8: longest(8), 9: longest(9) }
    },
    goesOn: async (deadlineMs) => {
      const from = performance.now()
      const behind = (): readonly string[] =>
        rooms.flatMap((room) =>
          weights.filter((weight) => room.count(weight, from) < 3).map((weight) => `${room.roomId} weight ${weight}`),
        )
      if (await waitUntil(() => behind().length === 0, { deadlineMs })) return
      throw new Error(`after ${deadlineMs} ms nothing has come of ${behind().join(', ')}`)
    },
    asksOn: async (deadlineMs) => {
      const wanted = rooms.map(({ roomId }) => [roomId, (comments.get(roomId) ?? 0) + 2] as const)
      const haveAsked = (): boolean => wanted.every(([roomId, count]) => (comments.get(roomId) ?? 0) >= count)
      if (await waitUntil(haveAsked, { deadlineMs })) return
      throw new Error(`not every room has asked for something within ${deadlineMs} ms`)
    },
    answers: () => ({ ...answers }),
    end: async () => {
      stopping.abort()
      await Promise.all(acting)
      await waitUntil(() => rooms.every((room) => room.lost().length === 0), { deadlineMs: settleWithinMs })
      await sleep(doubledWithinMs) // what is there twice comes right after the first
      const audit = {
        answers,
        lost: rooms.flatMap((room) => room.lost()),
        doubled: rooms.flatMap((room) => room.doubled()),
        complaints: rooms.flatMap((room) => room.complaints()),
      }
      await Promise.all(rooms.map((room) => room.client.close()))
      return audit
    },
  }
}

/** Rooms of which there is one in each partition. */
const openRooms = async (system: TestSystem, partitions: number): Promise<readonly TrafficRoom[]> => {
  const chosen = new Map<number, { readonly owner: string; readonly roomId: string }>()
  for (let created = 0; chosen.size < partitions; created += createdAtOnce) {
    if (created >= maxRooms) throw new Error(`${created} rooms are in ${chosen.size} of ${partitions} partitions`)
    const owners = Array.from({ length: createdAtOnce }, (_, index) => `owner ${created + index}`)
    const lives = await Promise.all(owners.map((uid) => system.app.createLive({ uid, name: uid })))
    for (const { uid: owner, roomId } of lives) chosen.set(partitionFor(roomId, partitions), { owner, roomId })
  }
  return Promise.all([...chosen.values()].map((room) => openTrafficRoom(system, room)))
}
