import type { Random } from './random.ts'
import { createScript, type Names, type Room, type Script, type Slot, type Step } from './script.ts'

/** What an act makes of some slots: its steps, how long they are taken, and the rooms that they have afterwards. */
export type Act = { readonly steps: readonly Step[]; readonly takesMs: number; readonly slots: readonly Slot[] }

/** A room that pushes and can be mixed, newly made where the slot has none. */
const ready = (script: Script, slot: Slot): Room => {
  if (slot.roomId !== null) return { uid: slot.uid, roomId: slot.roomId }
  const room = script.create(slot.uid)
  script.wait(60)
  script.stream(room.roomId, 'publish')
  script.wait(40)
  script.available(room.roomId)
  return room
}

const keep = ({ uid, roomId }: Room): Slot => ({ uid, roomId })
const lose = ({ uid }: Slot): Slot => ({ uid, roomId: null })

/** How two broadcasters' session goes on and ends; returns the slots afterwards. */
const endings: readonly [Ending, ...Ending[]] = [
  (script, a, b) => {
    script.close(a.roomId, b.roomId)
    return [keep(a), keep(b)]
  },
  (script, a, b) => {
    script.close(b.roomId, a.roomId)
    script.close(a.roomId, b.roomId)
    return [keep(a), keep(b)]
  },
  (script, a, b) => {
    script.stream(a.roomId, 'publish_done')
    script.wait(200)
    script.stream(a.roomId, 'publish')
    script.available(a.roomId)
    script.wait(500)
    script.close(b.roomId, a.roomId)
    return [keep(a), keep(b)]
  },
  (script, a, b) => {
    script.status(b.roomId, a.roomId, 'MainStreamNotExist')
    script.wait(300)
    script.available(b.roomId)
    script.wait(300)
    script.status(a.roomId, b.roomId, 'InternalError')
    script.wait(700)
    script.close(a.roomId, b.roomId)
    return [keep(a), keep(b)]
  },
  (script, a, b) => {
    script.leave(a.roomId)
    return [lose(a), keep(b)]
  },
  (script, a, b) => {
    script.leave(b.roomId)
    script.close(a.roomId, b.roomId)
    return [keep(a), lose(b)]
  },
  // The stream breaks for good: the grace ends the room and the session.
  (script, a, b, { pace }) => {
    script.stream(b.roomId, 'publish_done')
    script.wait(pace.graceMs + 1_000)
    return [keep(a), lose(b)]
  },
]
type Ending = (script: Script, a: Room, b: Room, names: Names) => readonly [Slot, Slot]

type TakeAct = {
  readonly needs: 1 | 2 | 3
  readonly play: (script: Script, slots: readonly Slot[], names: Names) => readonly Slot[]
}

const two = (play: (script: Script, a: Slot, b: Slot, names: Names) => readonly Slot[]): TakeAct => ({
  needs: 2,
  play: (script, [a, b], names) => (a && b ? play(script, a, b, names) : []),
})

const one = (play: (script: Script, a: Slot, names: Names) => readonly Slot[]): TakeAct => ({
  needs: 1,
  play: (script, [a], names) => (a ? play(script, a, names) : []),
})

const session = two((script, first, second, names) => {
  const a = ready(script, first)
  const b = ready(script, second)
  script.wait(150)
  script.invite(a, b.uid, b.roomId)
  script.wait(names.random.whole(0, 300))
  script.feedback(a.roomId, a.uid, b.uid, 1)
  script.wait(names.random.whole(0, 1_200))
  return names.random.pick(endings)(script, a, b, names)
})

const crossing = two((script, first, second, names) => {
  const a = ready(script, first)
  const b = ready(script, second)
  script.wait(150)
  script.invite(a, b.uid, b.roomId)
  script.invite(b, a.uid, a.roomId)
  script.wait(names.random.whole(0, 200))
  script.feedback(a.roomId, a.uid, b.uid, 1)
  script.feedback(b.roomId, b.uid, a.uid, 1)
  script.wait(names.random.whole(100, 1_000))
  return names.random.pick(endings)(script, a, b, names)
})

const ring: TakeAct = {
  needs: 3,
  play: (script, slots) => {
    const rooms = slots.map((slot) => ready(script, slot))
    script.wait(150)
    const pairs = rooms.map((room, index) => [room, rooms[(index + 1) % rooms.length] ?? room] as const)
    for (const [room, next] of pairs) script.invite(room, next.uid, next.roomId)
    script.wait(100)
    for (const [room, next] of pairs) script.feedback(room.roomId, room.uid, next.uid, 1)
    script.wait(800)
    for (const [room, next] of pairs) script.close(room.roomId, next.roomId)
    return rooms.map(keep)
  },
}

const viewer = one((script, slot, { ids, random, mintRoomId }) => {
  const a = ready(script, slot)
  const uid = `viewer-${ids.next().slice(0, 8)}`
  script.watch(a.roomId, uid)
  script.wait(100)
  const asks = random.chance(0.5)
  const sessionId = asks ? script.ask(uid, a) : script.invite(a, uid, null)
  script.wait(random.whole(0, 200))
  script.feedback(a.roomId, asks ? uid : a.uid, asks ? a.uid : uid, 1)
  const own = mintRoomId(`${sessionId}.1`)
  script.wait(100)
  script.stream(own, 'publish')
  script.wait(50)
  script.available(own)
  script.wait(random.whole(100, 1_000))
  if (random.chance(0.3)) {
    script.stream(own, 'publish_done')
    script.wait(200)
    script.stream(own, 'publish')
    script.available(own)
    script.wait(300)
  }
  if (random.chance(0.5)) script.close(a.roomId, own)
  else script.close(own, a.roomId)
  return [keep(a)]
})

/** Invites that come to nothing: refused, taken back, or left to expire. */
const nothing = two((script, first, second, { random, pace }) => {
  const a = ready(script, first)
  const b = ready(script, second)
  script.wait(100)
  script.invite(a, b.uid, b.roomId)
  script.wait(random.whole(0, 200))
  if (random.chance(0.3)) script.invite(a, b.uid, b.roomId)
  if (random.chance(0.33)) script.feedback(a.roomId, a.uid, b.uid, 2)
  else if (random.chance(0.5)) script.cancel(a.roomId, a.uid, random.chance(0.5) ? b.uid : null)
  else script.wait(pace.inviteTtlMs + 300)
  return [keep(a), keep(b)]
})

const leaving = one((script, slot, { random, pace }) => {
  const a = ready(script, slot)
  script.wait(100)
  if (random.chance(0.5)) script.leave(a.roomId)
  else {
    script.stream(a.roomId, 'publish_done')
    script.wait(pace.graceMs + 500)
  }
  return [lose(a)]
})

const neverPublished = one((script, slot, { pace }) => {
  if (slot.roomId !== null) script.leave(slot.roomId)
  const a = script.create(slot.uid)
  script.wait(pace.graceMs + 500)
  return [lose(a)]
})

/** As often as they are named. */
const acts: readonly [TakeAct, ...TakeAct[]] = [
  session,
  session,
  session,
  crossing,
  crossing,
  ring,
  viewer,
  viewer,
  nothing,
  leaving,
  neverPublished,
]

/** How often a callback or a request comes again, with the same event id, and how late at most. */
const repeats = 0.06
const repeatedWithinMs = 1_500

/** Some steps come twice, as callers repeat what they got no answer to. */
const withRepeats = (steps: readonly Step[], random: Random): readonly Step[] =>
  steps.flatMap((step) =>
    random.chance(repeats) ? [step, { ...step, afterMs: step.afterMs + random.whole(0, repeatedWithinMs) }] : [step],
  )

/** Chooses what happens next to some of the free slots: takes as many of them as it needs, from the first on. */
export const chooseAct = (free: readonly Slot[], names: Names): Act | undefined => {
  const chosen = names.random.pick(acts)
  if (free.length < chosen.needs) return undefined
  const script = createScript(names)
  const slots = chosen.play(script, free.slice(0, chosen.needs), names)
  const steps = withRepeats(script.steps, names.random)
  return { steps, takesMs: script.nowMs() + 400, slots }
}
