import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import { decide, type Input, type Output, type Rules } from '../../services/state-machine/domain/decide.ts'
import { createTimerQueue } from '../../services/state-machine/timer-queue.ts'

/** An input with its place in the log. */
export type Logged = { readonly input: Input; readonly position: number; readonly timestamp: number }

type Body<T extends Input['type']> = Omit<Extract<Input, { type: T }>['record'], 'eventId' | 'roomId' | 'occurredAt'>

/** The life of a pair of rooms takes this long, and begins anew with other rooms. */
const lifeMs = 90_000
/** From a message's commit to its place in the other room's log; the video cloud's answers; its word on the picture. */
const peerMs = 4
const answerMs = 250
const statusMs = 900
const maxTimers = 1_000

/**
 * The log of rooms that live through co-hosting, as long as wanted: two broadcasters create and publish, one is asked by viewers
 * (refused, cancelled, left to expire), invites the other, both mix, a stream breaks and returns, they close, and leave.
 * Messages between rooms come out of the states, timers when they are due, the video cloud answers each command: everything that
 * follows from an input is decided by the real decisions. The pairs are spread evenly over their lives.
 * @param rooms how many live at the same time, an even number
 */
export const recordLifecycles = ({
  rooms: roomCount,
  inputs: inputCount,
  rules,
}: {
  readonly rooms: number
  readonly inputs: number
  readonly rules: Rules
}): readonly Logged[] => {
  const log: Logged[] = []
  const rooms = new Map<string, Room>()
  const timers = createTimerQueue()
  const agenda = new Map<number, (() => void)[]>()
  const startAt = 1_700_000_000_000
  let now = startAt
  let events = 0

  const plan = (afterMs: number, act: () => void): void => {
    const at = now + afterMs
    const planned = agenda.get(at)
    if (planned === undefined) agenda.set(at, [act])
    else planned.push(act)
  }

  const put = <T extends Input['type']>(type: T, roomId: string, body: Body<T>): void => {
    events += 1
    // Like the ids that ingest gives: 32 hex digits.
    const eventId = events.toString(16).padStart(32, '0')
    // A type and a body of the same T belong together, which the compiler cannot see.
    take({ type, record: { ...body, eventId, roomId, occurredAt: now } } as unknown as Input)
  }

  const take = (input: Input): void => {
    const logged = { input, position: log.length, timestamp: now }
    log.push(logged)
    const before = rooms.get(input.record.roomId)
    const outputs = decideLogged(rooms, logged, rules)
    for (const output of outputs) answerCommand(output)
    const after = rooms.get(input.record.roomId)
    if (after === undefined || after === before) return
    timers.addNewer(after, before?.timerGeneration ?? 0)
    for (const message of after.outbox) tell(message)
  }

  const tell = (message: PeerMessage): void => plan(peerMs, () => take({ type: 'PeerMessage', record: message }))

  /** The video cloud: takes every command, and says what became of the picture. */
  const answerCommand = ({ type, record }: Output): void => {
    if (type !== 'StartMix' && type !== 'StopMix') return
    const { eventId: commandId, roomId, sessionId, generation, mixRoomId } = record
    const isStart = type === 'StartMix'
    const done = { code: 200, reason: '', message: '' }
    plan(answerMs, () =>
      put('MixCommandAnswered', roomId, {
        ...done,
        commandId,
        sessionId,
        generation,
        action: isStart ? 'start' : 'stop',
        streamNames: isStart ? [`${roomId}_mix360`, `${roomId}_mix480`] : [],
      }),
    )
    plan(statusMs, () =>
      put('MixStatusNotified', roomId, {
        mixRoomId,
        mixType: 'channel',
        mixTemplate: 'side_by_side',
        event: isStart ? 'EventMix' : 'EventMixStop',
        code: 'Success',
        message: '',
      }),
    )
  }

  const fireDue = (): void => {
    for (const { roomId, kind, subject, generation } of timers.takeDue(now, maxTimers)) {
      if (!rooms.get(roomId)?.timers.some((timer) => timer.generation === generation)) continue
      const eventId = `${roomId}.t${generation}`
      take({ type: 'TimerFired', record: { eventId, roomId, occurredAt: now, timer: kind, subject, generation } })
    }
  }

  const beginLife = (pair: number, life: number): void => {
    const minted = (side: string): string => rules.mintRoomId(`${pair} ${life} ${side}`)
    const script = scriptOf({ a: minted('a'), b: minted('b'), uidA: `host-${pair}-a`, uidB: `host-${pair}-b`, put })
    for (const [afterMs, act] of script) plan(afterMs, act)
    plan(lifeMs, () => beginLife(pair, life + 1))
  }

  const pairs = roomCount / 2
  for (let pair = 0; pair < pairs; pair++) {
    plan(Math.floor((pair * lifeMs) / pairs), () => beginLife(pair, 0))
  }
  for (; log.length < inputCount; now++) {
    // Acts may plan for this very moment.
    for (const act of agenda.get(now) ?? []) act()
    agenda.delete(now)
    fireDue()
  }
  return log.slice(0, inputCount)
}

/**
 * Decides an input and keeps the room, as the loop of a partition does: what the room had in its outbox until now is taken as
 * delivered. Returns the outputs.
 */
export const decideLogged = (
  rooms: Map<string, Room>,
  { input, position, timestamp }: Logged,
  rules: Rules,
): readonly Output[] => {
  const { roomId } = input.record
  const committed = rooms.get(roomId) ?? null
  const before = committed === null || committed.outbox.length === 0 ? committed : { ...committed, outbox: [] }
  const { room, outputs } = decide(before, input, { position, timestamp }, rules)
  if (room === null) rooms.delete(roomId)
  else rooms.set(roomId, room)
  return outputs
}

type Script = readonly (readonly [afterMs: number, act: () => void])[]

/** What people and the cloud do in the life of two rooms. */
const scriptOf = ({
  a,
  b,
  uidA,
  uidB,
  put,
}: {
  readonly a: string
  readonly b: string
  readonly uidA: string
  readonly uidB: string
  readonly put: <T extends Input['type']>(type: T, roomId: string, body: Body<T>) => void
}): Script => {
  const create = (roomId: string, uid: string) => () =>
    put('LiveCreateRequested', roomId, { uid, name: `Name of ${uid}`, description: null })
  const stream = (roomId: string, action: 'publish' | 'publish_done') => () =>
    put('StreamNotified', roomId, { action, cloudTime: null })
  const ready = (roomId: string) => () => put('MixAvailabilityNotified', roomId, { cloudTime: null })
  const watch = (uid: string) => () => put('AudienceJoined', a, { uid, name: `Name of ${uid}` })
  const invite = (inviterUid: string, inviteeUid: string, inviteeRoomId: string | null, inviterType: 1 | 2) => () =>
    put('CohostInviteRequested', a, {
      inviterUid,
      inviterName: null,
      inviteeUid,
      inviteeName: null,
      inviteeRoomId,
      type: 'side_by_side',
      inviterType,
    })
  const answer = (inviterUid: string, inviteeUid: string, status: 1 | 2) => () =>
    put('CohostFeedbackRequested', a, { inviterUid, inviteeUid, status })
  return [
    [0, create(a, uidA)],
    [300, create(b, uidB)],
    [1_500, stream(a, 'publish')],
    [1_501, stream(a, 'publish')], // the cloud says many things twice
    [1_800, stream(b, 'publish')],
    [3_000, watch('fan-1')],
    [3_500, watch('fan-2')],
    [4_000, watch('fan-3')],
    [5_000, invite('fan-1', uidA, null, 1)],
    [5_500, invite('fan-2', uidA, null, 1)],
    [6_000, invite('fan-3', uidA, null, 1)], // expires
    [8_000, answer('fan-1', uidA, 2)],
    [9_000, () => put('CohostCancelRequested', a, { inviterUid: 'fan-2', inviteeUid: null })],
    [40_000, invite(uidA, uidB, b, 2)],
    [42_000, invite(uidA, uidB, b, 2)],
    [44_000, answer(uidA, uidB, 1)],
    [46_000, ready(a)],
    [46_400, ready(b)],
    [60_000, stream(b, 'publish_done')],
    [63_000, stream(b, 'publish')],
    [64_000, ready(b)],
    [75_000, () => put('CohostCloseRequested', b, { notifiedRoomId: a })],
    [77_000, invite('fan-1', uidA, null, 1)],
    [78_000, answer('fan-1', uidA, 1)],
    [80_000, () => put('AudienceLeft', a, { uid: 'fan-2' })],
    [82_000, () => put('CohostCloseRequested', a, { notifiedRoomId: a })],
    [85_000, () => put('LiveLeaveRequested', a, {})],
    [86_000, () => put('LiveLeaveRequested', b, {})],
  ]
}
