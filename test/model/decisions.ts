import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import type { decide, Input, Output, Rules } from '../../services/state-machine/domain/decide.ts'
import { createInterner } from './interner.ts'
import { normalMessage, normalRoom, now } from './normal-form.ts'

export type Decide = typeof decide
export type Command = Extract<Output, { type: 'StartMix' | 'StopMix' }>

/** What a room decided about an input, in numbers. */
export type Decided = {
  readonly number: number
  readonly room: number
  /** Messages to other rooms, in their order. */
  readonly messages: readonly number[]
  readonly commands: readonly number[]
  readonly outputs: readonly Output[]
  readonly ignored: string | undefined
  readonly input: Input
  /** What no decision may do: throw, or take a timer that is stale. */
  readonly violation: string | undefined
}

/**
 * The real decisions on rooms in normal form. Each is made once and remembered: the same room and input turn up in very many states.
 */
export type Decisions = {
  readonly room: (id: number) => Room | null
  readonly message: (id: number) => PeerMessage
  readonly command: (id: number) => Command
  readonly decided: (room: number, inputKey: string, input: () => Input, ticks?: 0 | 1) => Decided
  /** The deadline of a room fires, one tick after the present. */
  readonly fire: (room: number, timer: number) => Decided
  /** More than `lateMs` passes in a room. */
  readonly wait: (room: number) => number
  /** The room without remembered ids of inputs that cannot come again. */
  readonly forget: (room: number, isToForget: (eventId: string) => boolean) => number
}

export const createDecisions = (
  decideReally: Decide,
  rules: Rules,
  canComeAgain: (eventId: string) => boolean,
): Decisions => {
  const rooms = createInterner<Room>()
  const messages = createInterner<PeerMessage>()
  const commands = createInterner<Command>()
  const made = new Map<string, Decided>()

  const roomOf = (id: number): Room | null => (id === 0 ? null : rooms.get(id))
  const idOfRoom = (room: Room | null): number => {
    if (room === null) return 0
    const normal = normalRoom(room, canComeAgain)
    return rooms.idOf(JSON.stringify(normal), () => normal)
  }
  const idOfMessage = (message: PeerMessage): number => {
    const normal = normalMessage(message)
    return messages.idOf(JSON.stringify(normal), () => normal)
  }
  const idOfCommand = (command: Command): number => {
    const { roomId, sessionId, generation } = command.record
    return commands.idOf(`${command.type} ${roomId} ${sessionId} ${generation}`, () => command)
  }

  /** A timer record that its room does not wait for any more, because it was set anew or is over. */
  const findStaleTimer = (id: number): string | undefined => {
    const room = rooms.get(id)
    for (const { kind, subject } of room.timers) {
      const record = { eventId: 'stale', roomId: room.roomId, occurredAt: now, timer: kind, subject, generation: 0 }
      const stale = decideReally(room, { type: 'TimerFired', record }, { position: 1, timestamp: now }, rules)
      if (idOfRoom(stale.room) !== id || stale.outputs.length > 0)
        return `a stale timer ${kind} is taken in ${room.roomId}`
    }
    return undefined
  }

  const make = (room: Room | null, input: Input, ticks: 0 | 1): Decided => {
    const decision = decideReally(room, input, { position: 1, timestamp: now + ticks }, rules)
    const found = { messages: [] as number[], commands: [] as number[] }
    for (const message of decision.room?.outbox ?? []) found.messages.push(idOfMessage(message))
    for (const output of decision.outputs) {
      if (output.type === 'StartMix' || output.type === 'StopMix') found.commands.push(idOfCommand(output))
    }
    const { outputs, ignored } = decision
    const known = rooms.size()
    const id = idOfRoom(decision.room)
    const violation = id > known ? findStaleTimer(id) : undefined
    return { number: made.size, room: id, ...found, outputs, ignored, input, violation }
  }

  const decided: Decisions['decided'] = (room, inputKey, input, ticks = 0) => {
    const key = `${room} ${inputKey}`
    const known = made.get(key)
    if (known !== undefined) return known
    const fresh = make(roomOf(room), input(), ticks)
    made.set(key, fresh)
    return fresh
  }

  return {
    room: roomOf,
    message: messages.get,
    command: commands.get,
    decided,
    fire: (id, index) => {
      const room = rooms.get(id)
      const timer = room.timers[index]
      if (timer === undefined) throw new Error(`room ${room.roomId} has no timer ${index}`)
      const { kind, subject, generation } = timer
      // Of all durations only that of an invite is compared with the present: its deadline has come, the others' need not have.
      const invites = room.invites.map((invite) =>
        kind === 'invite' && invite.sessionId === subject ? { ...invite, expiresAt: now } : invite,
      )
      const due = idOfRoom({ ...room, invites })
      const record = { eventId: 'timer', roomId: room.roomId, occurredAt: now, timer: kind, subject, generation }
      return decided(due, `timer ${index}`, () => ({ type: 'TimerFired', record }), 1)
    },
    wait: (id) => idOfRoom({ ...rooms.get(id), occurredAt: now + 1 }),
    forget: (id, isToForget) => {
      const room = rooms.get(id)
      return idOfRoom({ ...room, recentInputs: room.recentInputs.filter((one) => !isToForget(one)) })
    },
  }
}
