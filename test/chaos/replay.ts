import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import {
  decide,
  type Decision,
  type Input,
  type Output,
  type Rules,
} from '../../services/state-machine/domain/decide.ts'
import { followStates, type CommittedState } from './committed-states.ts'
import type { Difference } from './difference.ts'

/** A record of room.input as the service reads it; `input` null: one that it passes over. */
export type LoggedInput = { readonly position: number; readonly timestamp: number; readonly input: Input | null }

/** What was decided, the position of the input that caused it, and when that was appended (epoch ms). */
export type Derived = Output & { readonly position: number; readonly at: number }

/** One partition decided anew from its inputs alone. */
export type Replay = {
  readonly outputs: readonly Derived[]
  /** The rooms after the last input. */
  readonly rooms: ReadonlyMap<string, Room>
  /** Between what the inputs give and the states that were committed; deadlines that fired early. */
  readonly differences: readonly Difference[]
  /** Messages to other rooms, in the order in which they were put into an outbox. */
  readonly told: readonly PeerMessage[]
  /** Ids of messages that the broker was said to have. */
  readonly acknowledged: ReadonlySet<string>
  /** Positions of inputs on which the decision itself failed. */
  readonly failed: readonly number[]
  readonly counts: ReplayCounts
}

export type ReplayCounts = {
  readonly inputs: number
  /** Why inputs changed nothing, and how many. */
  readonly ignored: ReadonlyMap<string, number>
  /** Deadlines that had their effect. */
  readonly fired: number
  /** How long after its time a deadline took effect at most. */
  readonly latestFiringMs: number
}

/**
 * Decides the inputs of one partition in their order, as the service must have done it, and compares the rooms with the states
 * that it committed.
 * @param log the topic and partition of the states, as a person wants to read it
 * @param decideInput the domain's decision; another one in tests of this function
 */
export const replay = ({
  log,
  inputs,
  states,
  rules,
  decideInput = decide,
}: {
  readonly log: string
  readonly inputs: readonly LoggedInput[]
  readonly states: readonly CommittedState[]
  readonly rules: Rules
  readonly decideInput?: typeof decide
}): Replay => {
  const committed = followStates(log, states)
  const rooms = new Map<string, Room>()
  const outputs: Derived[] = []
  const told: PeerMessage[] = []
  const early: Difference[] = []
  const failed: number[] = []
  const ignored = new Map<string, number>()
  let fired = 0
  let latestFiringMs = 0

  const noteFiring = (input: Input, before: Room | null, timestamp: number): void => {
    if (input.type !== 'TimerFired') return
    const { timer: kind, generation, roomId } = input.record
    const due = before?.timers.find((timer) => timer.generation === generation)?.at
    if (due === undefined) return
    fired += 1
    latestFiringMs = Math.max(latestFiringMs, timestamp - due)
    if (timestamp >= due) return
    const what = `the deadline ${kind} of room ${roomId} took effect ${due - timestamp} ms before its time`
    early.push({ kind: 'unexpected', where: log, what })
  }

  const decideSafely = (
    room: Room | null,
    input: Input,
    at: { readonly position: number; readonly timestamp: number },
  ): Decision | null => {
    try {
      return decideInput(room, input, at, rules)
    } catch {
      return null // the service gives such an input up, and goes on: its position tells
    }
  }

  for (const { position, timestamp, input } of inputs) {
    if (input === null) continue
    const { roomId } = input.record
    const before = committed.before(roomId, rooms.get(roomId) ?? null, position)
    const decision = decideSafely(before, input, { position, timestamp })
    if (decision === null) {
      failed.push(position)
      continue
    }
    for (const output of decision.outputs) outputs.push({ ...output, position, at: timestamp })
    if (decision.ignored !== undefined) ignored.set(decision.ignored, (ignored.get(decision.ignored) ?? 0) + 1)
    else noteFiring(input, before, timestamp)
    if (decision.room === null) rooms.delete(roomId)
    else {
      rooms.set(roomId, decision.room)
      if (decision.room !== before) told.push(...decision.room.outbox.slice(before?.outbox.length ?? 0))
    }
    if (decision.room !== before) committed.after(roomId, decision.room)
  }

  const last = committed.finish(rooms)
  return {
    outputs,
    rooms: last,
    differences: [...committed.differences, ...early],
    told,
    acknowledged: committed.acknowledged,
    failed,
    counts: { inputs: inputs.length, ignored, fired, latestFiringMs },
  }
}
