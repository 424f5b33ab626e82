import type { PeerMessage, PushRecordName, Records, Room } from '../../../../schemas/types.generated.ts'
import { decide, type Input, type Output, type Rules } from '../decide.ts'
import { sayingNothing, type InputName } from '../turn.ts'

/** Rules with easy numbers, and addresses that can be read. */
export const testRules: Rules = {
  graceMs: 180_000,
  inviteTtlMs: 30_000,
  mixTimeoutMs: 20_000,
  tombstoneMs: 60_000,
  askAgainMs: 2_000,
  agreementLimitMs: 10_000,
  deadMs: 600_000,
  lateMs: 2_000,
  maxInvites: 200,
  maxRecentInputs: 32,
  fingerprint: (eventId) => eventId,
  media: {
    pushUrl: (room, at) => `rtmp://push/${room}?at=${at}`,
    shortDelayUrl: (room) => `http://play/${room}.flv`,
    streamUrl: (stream) => `http://play/${stream}`,
  },
  // Two letters keep it apart from the test's room ids, and before or after them as a test wants.
  mintRoomId: (text) => `sys${text.replaceAll(/[^A-Za-z0-9]/g, 'x')}`,
}

const perInput = new Set(['eventId', 'occurredAt', 'inputPos'])

/** Code and message of an outcome, as its caller sees them. */
export const said = (outcome: Outcome | undefined): readonly [number, string] | undefined =>
  outcome && [outcome.code, outcome.message]

export type Pushed = {
  readonly room: string
  readonly to: string | null
  readonly type: PushRecordName
  readonly record: Extract<Output, { type: PushRecordName }>['record']
}
type Command = Extract<Output, { type: 'StartMix' | 'StopMix' }>
type Outcome = Records['RequestDecided']

/** The body of an input without what the world adds. */
type Body<N extends InputName> = Omit<Records[N], 'eventId' | 'roomId' | 'occurredAt'>

/**
 * Rooms that run the real decisions, with one log, one clock that the test moves, and messages between rooms delivered in
 * order. What is to be decided is decided at once, until nothing waits.
 */
export class World {
  readonly rooms = new Map<string, Room>()
  readonly pushes: Pushed[] = []
  readonly commands: Command[] = []
  readonly outcomes = new Map<string, Outcome>()
  /** Why inputs changed nothing, newest last. */
  readonly ignored: string[] = []
  /** Messages between rooms, in the order in which they were sent. */
  readonly sent: PeerMessage[] = []
  readonly rules: Rules
  now = 1_000_000
  position = 0
  #ids = 0
  #commandsRead = 0
  readonly #queue: Input[] = []
  /** Messages to these rooms wait until `open`. */
  readonly #closed = new Set<string>()

  constructor(rules: Partial<Rules> = {}) {
    this.rules = { ...testRules, ...rules }
  }

  /** Appends an input, and decides until nothing waits. Returns its event id. */
  put<N extends InputName>(type: N, roomId: string, body: Body<N>, eventId = this.#nextId()): string {
    // A name and a body of the same N belong together, which the compiler cannot see.
    this.#queue.push({ type, record: { ...body, eventId, roomId, occurredAt: this.now } } as unknown as Input)
    this.drain()
    return eventId
  }

  /** The outcome of a request that is put now. */
  ask<N extends InputName>(type: N, roomId: string, body: Body<N>): Outcome | undefined {
    return this.outcomes.get(this.put(type, roomId, body))
  }

  /** Holds back messages between rooms to this room. */
  close(roomId: string): void {
    this.#closed.add(roomId)
  }

  open(roomId: string): void {
    this.#closed.delete(roomId)
    this.drain()
  }

  /** Decides again what was decided before: a repeat of everything must change nothing that a client sees. */
  drain(): void {
    for (;;) {
      const index = this.#queue.findIndex(
        ({ type, record }) => type !== 'PeerMessage' || !this.#closed.has(record.roomId),
      )
      const [input] = index < 0 ? [] : this.#queue.splice(index, 1)
      if (input === undefined) return
      this.#decide(input)
    }
  }

  /** Lets time pass; deadlines fire in their order. */
  pass(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const due = [...this.rooms.values()]
        .flatMap((room) => room.timers.map((timer) => ({ room, timer })))
        .filter(({ timer }) => timer.at <= end)
        .toSorted((a, b) => a.timer.at - b.timer.at)[0]
      if (due === undefined) break
      const { room, timer } = due
      this.now = Math.max(this.now, timer.at)
      const { kind, subject, generation } = timer
      this.put('TimerFired', room.roomId, { timer: kind, subject, generation }, `${room.roomId}.t${generation}`)
    }
    this.now = end
  }

  room(roomId: string): Room {
    const room = this.rooms.get(roomId)
    if (room === undefined) throw new Error(`there is no room ${roomId}`)
    return room
  }

  /** What was pushed since the last call, as `room type` or `room>uid type`. */
  seen(): readonly string[] {
    return this.pushes.splice(0).map(({ room, to, type }) => `${room}${to === null ? '' : `>${to}`} ${type}`)
  }

  /** What was pushed since the last call, in full but for ids and times; `is` tells the type. */
  pushed(): readonly object[] {
    return this.pushes.splice(0).map(({ type, record }) => ({
      is: type,
      ...Object.fromEntries(Object.entries(record).filter(([key]) => !perInput.has(key))),
    }))
  }

  /** The commands sent since the last call, as `StartMix main<-mix generation`. */
  commanded(): readonly string[] {
    return this.commands
      .slice(this.#commandsRead, (this.#commandsRead = this.commands.length))
      .map(({ type, record }) => `${type} ${record.roomId}<-${record.mixRoomId} ${record.generation}`)
  }

  /** The messages between rooms since the last call, as `kind→room session`. */
  told(): readonly string[] {
    return this.sent.splice(0).map(({ kind, roomId, sessionId }) => `${kind}→${roomId} ${sessionId}`)
  }

  /** The deadlines of a room, as `kind subject in ms`, in the order in which they were set. */
  deadlines(roomId: string): readonly string[] {
    return this.room(roomId).timers.map(
      ({ kind, subject, at }) => `${kind}${subject === '' ? '' : ` ${subject}`} in ${at - this.now}`,
    )
  }

  /** Why the newest input that changed nothing did so; forgotten with this call. */
  why(): string | undefined {
    return this.ignored.splice(0).at(-1)
  }

  /** A message from another room, whether or not that room would send it. */
  tell(
    roomId: string,
    fromRoomId: string,
    kind: string,
    sessionId: string,
    body: Partial<PeerMessage> = {},
    eventId = this.#nextId(),
  ): void {
    this.put('PeerMessage', roomId, { ...sayingNothing, ...body, kind, fromRoomId, sessionId }, eventId)
  }

  #decide(input: Input): void {
    const { roomId } = input.record
    this.position += 1
    const at = { position: this.position, timestamp: this.now }
    const decision = decide(this.rooms.get(roomId) ?? null, input, at, this.rules)
    if (decision.ignored !== undefined) this.ignored.push(decision.ignored)
    for (const output of decision.outputs) this.#write(output)
    if (decision.room === null) {
      this.rooms.delete(roomId)
      return
    }
    this.sent.push(...decision.room.outbox)
    for (const message of decision.room.outbox) this.#queue.push({ type: 'PeerMessage', record: message })
    this.rooms.set(roomId, { ...decision.room, outbox: [] })
  }

  #write(output: Output): void {
    if (output.type === 'RequestDecided') {
      const { requestId } = output.record
      if (this.outcomes.has(requestId)) throw new Error(`two outcomes of request ${requestId}`)
      this.outcomes.set(requestId, output.record)
    } else if (output.type === 'StartMix' || output.type === 'StopMix') {
      this.commands.push(output)
    } else {
      const { roomId: room, ...rest } = output.record
      const to = 'toUid' in rest ? rest.toUid : null
      this.pushes.push({ room, to, type: output.type, record: output.record })
    }
  }

  #nextId(): string {
    this.#ids += 1
    return `e${this.#ids}`
  }

  // What people and the video cloud do, in the words of the tests.

  create(roomId: string, uid = `u${roomId}`): void {
    this.put('LiveCreateRequested', roomId, { uid, name: `name-${uid}`, description: null })
  }

  publish(roomId: string): void {
    this.put('StreamNotified', roomId, { action: 'publish', cloudTime: null })
  }

  interrupt(roomId: string): void {
    this.put('StreamNotified', roomId, { action: 'publish_done', cloudTime: null })
  }

  ready(roomId: string): void {
    this.put('MixAvailabilityNotified', roomId, { cloudTime: null })
  }

  leave(roomId: string): Outcome | undefined {
    return this.ask('LiveLeaveRequested', roomId, {})
  }

  /** The broadcaster of `roomId` invites: another room's broadcaster, or a viewer. */
  invite(roomId: string, invitee: { readonly uid: string; readonly roomId?: string }): Outcome | undefined {
    return this.ask('CohostInviteRequested', roomId, {
      inviterUid: `u${roomId}`,
      inviterName: null,
      inviteeUid: invitee.uid,
      inviteeName: null,
      inviteeRoomId: invitee.roomId ?? null,
      type: 'side_by_side',
      inviterType: 2,
    })
  }

  /** A viewer asks the broadcaster of `roomId`. */
  apply(roomId: string, uid: string): Outcome | undefined {
    return this.ask('CohostInviteRequested', roomId, {
      inviterUid: uid,
      inviterName: null,
      inviteeUid: `u${roomId}`,
      inviteeName: null,
      inviteeRoomId: null,
      type: 'picture_in_picture',
      inviterType: 1,
    })
  }

  answer(roomId: string, inviterUid: string, inviteeUid: string, status: 1 | 2): Outcome | undefined {
    return this.ask('CohostFeedbackRequested', roomId, { inviterUid, inviteeUid, status })
  }

  closeSession(closing: string, notified: string): Outcome | undefined {
    return this.ask('CohostCloseRequested', closing, { notifiedRoomId: notified })
  }

  /** The cloud answers the newest command of that kind for a main room. */
  answerMix(mainRoomId: string, action: 'start' | 'stop', code = 200, reason = ''): void {
    const type = action === 'start' ? 'StartMix' : 'StopMix'
    const command = this.commands.findLast((one) => one.type === type && one.record.roomId === mainRoomId)
    if (command === undefined) throw new Error(`no ${type} was sent for ${mainRoomId}`)
    const { eventId, sessionId, generation } = command.record
    this.put('MixCommandAnswered', mainRoomId, {
      commandId: eventId,
      sessionId,
      generation,
      action,
      code,
      reason,
      message: reason,
      streamNames: code === 200 && action === 'start' ? [`${mainRoomId}_mix360`] : [],
    })
  }

  status(mainRoomId: string, mixRoomId: string, event: string, code = 'Success'): void {
    this.put('MixStatusNotified', mainRoomId, {
      mixRoomId,
      mixType: 'channel',
      mixTemplate: 'side_by_side',
      event,
      code,
      message: code === 'Success' ? '' : `${code} happened`,
    })
  }

  /** Two broadcasting rooms in a mixed session; `a` invited. */
  mixedPair(a = 'A', b = 'B'): void {
    this.agreedPair(a, b)
    for (const room of [a, b]) this.ready(room)
    for (const room of [a, b]) this.answerMix(room, 'start')
  }

  /** The session's id of the newest agreement. */
  sessionId = ''

  /** The broadcaster of `roomId` and a viewer who asked him are in a session; returns the room made for the viewer. */
  agreedViewer(roomId = 'A', uid = 'viewer'): string {
    this.create(roomId)
    this.publish(roomId)
    this.sessionId = this.apply(roomId, uid)?.sessionId ?? ''
    this.answer(roomId, uid, `u${roomId}`, 1)
    return this.room(roomId).lockPeer ?? ''
  }

  agreedPair(a = 'A', b = 'B'): void {
    for (const room of [a, b]) {
      this.create(room)
      this.publish(room)
    }
    this.sessionId = this.invite(a, { uid: `u${b}`, roomId: b })?.sessionId ?? ''
    this.answer(a, `u${a}`, `u${b}`, 1)
  }
}
