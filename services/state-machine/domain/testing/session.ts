import type { Mix } from '../../../../schemas/types.generated.ts'
import { World } from './world.ts'

// What the tests of sessions begin with, and how they look at a mix.

export const other = (room: string): string => (room === 'A' ? 'B' : 'A')

/** The room of `owner` has invited the other one's broadcaster; both have been sent a StartMix of generation 1. */
export const starting = (owner = 'A', peer = 'B'): World => {
  const world = new World()
  world.agreedPair(owner, peer)
  for (const room of ['A', 'B']) world.ready(room)
  world.commanded()
  world.pushed()
  world.told()
  return world
}

/** The same, mixed. */
export const mixed = (): World => {
  const world = starting()
  for (const room of ['A', 'B']) world.answerMix(room, 'start')
  world.pushed()
  world.told()
  return world
}

/** The id of the session's first attempt. */
export const attempt = (world: World): string => `${world.sessionId}.1`

/** A room's mix as the owner of the session, A, sees it. */
export const mixOf = (world: World, mainRoomId: string): Omit<Mix, 'mainRoomId' | 'sent'> => {
  const mix = world.room('A').session?.mixes.find((one) => one.mainRoomId === mainRoomId)
  if (mix === undefined) throw new Error(`the session has no mix of ${mainRoomId}`)
  const { mainRoomId: _, sent: _sent, ...rest } = mix
  return rest
}

/** Deadlines of the owner that concern mixes. */
export const mixDeadlines = (world: World): readonly string[] =>
  world.deadlines('A').filter((line) => line.startsWith('mix') || line.startsWith('late'))

/** The cloud reports an error of the mix whose main stream is that room's. */
export const errorOf = (world: World, room: string, word = 'InternalError'): void =>
  world.status(room, other(room), 'EventMix', word)
