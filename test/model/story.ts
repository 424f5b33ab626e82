import type { Records } from '../../schemas/types.generated.ts'
import type { Output, Input } from '../../services/state-machine/domain/decide.ts'

/** What has happened, as far as the invariants need to remember it; keys sorted, so that equal stories have equal texts. */
export type Story = {
  /** Requests without an outcome, and the codes of those that have one. */
  readonly open: readonly string[]
  readonly outcomes: Readonly<Record<string, number>>
  /** Letters of 14 (F), 5 (S), 4 (E) and 15 (X) in their order, by room and session. */
  readonly sessions: Readonly<Record<string, string>>
  /**
   * Letters of 9 (P), 10 (I), 17 (R) and of a main stream that is gone (B) in their order, by the room that was told and the room whose
   * stream it is, since they agreed.
   */
  readonly streams: Readonly<Record<string, string>>
  /** A MixAvailable came since the newest failure was decided: the session is to try again. */
  readonly isToRetry: boolean
  /** Sessions of which push 2 was sent. */
  readonly agreed: readonly string[]
  /** Rooms that got push 8. */
  readonly ended: readonly string[]
  /** The newest mix command of a room. */
  readonly commands: Readonly<Record<string, Command>>
  /** Status callbacks that were pushed, by room. */
  readonly statuses: readonly string[]
  /** Requests of which push 100 was sent. */
  readonly rejected: readonly string[]
}

type Command = {
  readonly type: 'StartMix' | 'StopMix'
  readonly attemptId: string
  readonly generation: number
  readonly isAccepted: boolean
}

export const emptyStory: Story = {
  open: [],
  outcomes: {},
  sessions: {},
  streams: {},
  isToRetry: false,
  agreed: [],
  ended: [],
  commands: {},
  statuses: [],
  rejected: [],
}

/** One after the other: failures, one success or none, the end of co-hosting, and the end of mixing after a success alone. */
const possibleSession = /^F*(S(EX?)?|E)?$/
const letters = { MixFailed: 'F', MixSucceeded: 'S', CohostEnded: 'E', MixEnded: 'X' } as const
const endings = new Set([
  'CohostRefused',
  'CohostEnded',
  'MixFailed',
  'MixEnded',
  'LiveEnded',
  'InviteExpired',
  'InviteCancelled',
  'RequestRejected',
])

/** The room that decided. `hasNeighbours`: there are other broadcasters, who can be told of its stream. */
export type Teller = { readonly isSystemRoom: boolean; readonly hasNeighbours: boolean }
export type Told = { readonly story: Story; readonly violation: string | undefined }

const sorted = (list: readonly string[], added: string): readonly string[] => [...list, added].toSorted()
const put = <T>(record: Readonly<Record<string, T>>, key: string, value: T): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries({ ...record, [key]: value }).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** A request has come in. */
export const open = (story: Story, requestId: string): Story => ({ ...story, open: sorted(story.open, requestId) })

/** Goes on with the story by what a room decided; the first output that must not be is the violation. */
export const tell = (story: Story, input: Input, outputs: readonly Output[], teller: Teller): Told => {
  let current = story
  if (input.type === 'MixCommandAnswered') current = takeAnswer(current, input.record)
  const hasFailed = Object.values(story.sessions).some((history) => history.includes('F'))
  if (hasFailed && input.type === 'MixAvailabilityNotified') current = { ...current, isToRetry: true }
  // By a step it is the other room's decision, which was before.
  const decidesFailure = input.type !== 'PeerMessage' || input.record.kind !== 'step'
  if (decidesFailure && outputs.some(({ type }) => type === 'MixFailed')) current = { ...current, isToRetry: false }
  for (const output of outputs) {
    const told = tellOne(current, output, teller)
    if (told.violation !== undefined) return told
    current = told.story
  }
  return { story: current, violation: undefined }
}

const takeAnswer = (story: Story, answer: Extract<Input, { type: 'MixCommandAnswered' }>['record']): Story => {
  const { roomId, sessionId: attemptId, generation, code } = answer
  const command = story.commands[roomId]
  if (command?.attemptId !== attemptId || command.generation !== generation || code !== 200) return story
  return { ...story, commands: put(story.commands, roomId, { ...command, isAccepted: true }) }
}

const tellOne = (story: Story, output: Output, { isSystemRoom, hasNeighbours }: Teller): Told => {
  const fail = (violation: string): Told => ({ story, violation })
  const go = (changes: Partial<Story>): Told => ({ story: { ...story, ...changes }, violation: undefined })
  const { roomId } = output.record
  const hear = (streamRoomId: string, letter: string): Told =>
    hasNeighbours ? go({ streams: add(story.streams, `${roomId} ${streamRoomId}`, letter) }) : go({})
  if (output.type === 'RequestDecided') {
    const { requestId, code } = output.record
    if (!story.open.includes(requestId)) return fail(`request ${requestId} is decided twice`)
    return go({
      open: story.open.filter((one) => one !== requestId),
      outcomes: put(story.outcomes, requestId, code),
    })
  }
  if (output.type === 'StartMix' || output.type === 'StopMix') return tellCommand(story, output)

  if (isSystemRoom) return fail(`${output.type} is pushed to the system room ${roomId}`)
  if (story.ended.includes(roomId)) return fail(`${output.type} is pushed to ${roomId} after its end`)
  if ('actor' in output.record && output.record.actor === null) return fail(`${output.type} has no actor`)
  if (endings.has(output.type) && 'endReason' in output.record && output.record.endReason === null) {
    return fail(`${output.type} has no reason`)
  }
  switch (output.type) {
    case 'CohostAgreed': {
      const { toUid, inviterRoomId, inviterType, sessionId } = output.record
      const isInviters =
        inviterType === 2 ? toUid === `u${inviterRoomId}` && roomId === inviterRoomId : toUid?.[0] === 'v'
      if (!isInviters) return fail(`push 2 of ${sessionId} goes to ${toUid ?? 'everybody'} in ${roomId}`)
      if (story.agreed.includes(sessionId)) return fail(`push 2 of ${sessionId} is sent twice`)
      return go({ agreed: sorted(story.agreed, sessionId), streams: begin(story.streams, output.record) })
    }
    case 'MixFailed':
    case 'MixSucceeded':
    case 'CohostEnded':
    case 'MixEnded': {
      const key = `${roomId} ${output.record.sessionId}`
      const history = `${story.sessions[key] ?? ''}${letters[output.type]}`
      if (output.type === 'MixSucceeded') {
        const wrong = findUnaccepted(story, output.record)
        if (wrong !== undefined) return fail(wrong)
      }
      if (!possibleSession.test(history)) return fail(`${output.type} in ${key} after ${story.sessions[key] ?? '-'}`)
      return go({ sessions: put(story.sessions, key, history) })
    }
    case 'RequestRejected': {
      const { requestId, code, toUid } = output.record
      if (story.rejected.includes(requestId)) return fail(`the refusal of ${requestId} is pushed twice`)
      if (story.outcomes[requestId] !== code)
        return fail(`${requestId} is pushed as ${code}, which was not its outcome`)
      if (!requestId.startsWith(toUid ?? '?'))
        return fail(`the refusal of ${requestId} goes to ${toUid ?? 'everybody'}`)
      return go({ rejected: sorted(story.rejected, requestId) })
    }
    case 'LiveEnded':
      return go({ ended: sorted(story.ended, roomId) })
    case 'MixCommandStatus': {
      const key = `${roomId} ${output.record.message}`
      if (output.record.message === '') return go({})
      if (story.statuses.includes(key)) return fail(`a status is pushed twice: ${key}`)
      const { reason, mainMixRoomId } = output.record
      const streams = reason === 'MainStreamNotExist' ? hear(mainMixRoomId, 'B').story.streams : story.streams
      return go({ statuses: sorted(story.statuses, key), streams })
    }
    case 'StreamPublished':
      return hear(output.record.streamRoomId, 'P')
    case 'StreamInterrupted':
      return hear(output.record.streamRoomId, 'I')
    case 'MixAvailable':
      return hear(output.record.readyRoomId, 'R')
    default:
      return 'rtmpUrl' in output.record ? fail(`${output.type} carries a push address`) : go({})
  }
}

const add = (streams: Story['streams'], key: string, letter: string): Story['streams'] =>
  put(streams, key, `${streams[key] ?? ''}${letter}`)

/** A session begins in its owner, the room of the push: what the peer told its own room while it was held belongs to it. */
const begin = (
  streams: Story['streams'],
  { roomId: owner, inviterRoomId, inviteeRoomId }: Records['CohostAgreed'],
): Story['streams'] => {
  const peer = owner === inviterRoomId ? inviteeRoomId : inviterRoomId
  const kept = Object.entries(streams).flatMap(([key, letters]) => {
    if (key === `${peer} ${peer}`) return [[key, /I?P?$/.exec(letters.replaceAll(/[RB]/g, ''))?.[0] ?? '']]
    return key.split(' ').some((room) => room === owner || room === peer) ? [] : [[key, letters]]
  })
  return Object.fromEntries(kept)
}

/** The broadcasters' rooms whose newest command is no accepted start, when the first of the rooms is told of the success. */
const findUnaccepted = (
  story: Story,
  { sessionId, inviterRoomId, inviterType, inviteeRoomId, inviteeType }: Records['MixSucceeded'],
): string | undefined => {
  const sides = [
    { roomId: inviterRoomId, type: inviterType },
    { roomId: inviteeRoomId, type: inviteeType },
  ]
  if (sides.some(({ roomId }) => story.sessions[`${roomId} ${sessionId}`]?.includes('S'))) return undefined
  const missing = sides.find(({ roomId, type }) => {
    const command = story.commands[roomId]
    const isMixed = command?.type === 'StartMix' && command.isAccepted && command.attemptId.startsWith(sessionId)
    return type === 2 && !isMixed && !story.ended.includes(roomId)
  })
  return missing && `push 5 of ${sessionId}, but no start in ${missing.roomId} was accepted`
}

const tellCommand = (story: Story, { type, record }: Extract<Output, { type: 'StartMix' | 'StopMix' }>): Told => {
  const fail = (violation: string): Told => ({ story, violation })
  const { roomId, sessionId: attemptId, generation } = record
  const last = story.commands[roomId]
  if (last?.attemptId === attemptId) {
    if (generation <= last.generation) return fail(`${type} ${generation} of ${attemptId} after ${last.generation}`)
    if (type === 'StopMix' && last.type === 'StopMix') return fail(`the mix of ${roomId} is stopped twice`)
  } else {
    if (type === 'StopMix') return fail(`StopMix for ${attemptId} in ${roomId} without a start`)
    if (last?.type === 'StartMix') return fail(`${roomId} is still mixed for ${last.attemptId}`)
  }
  const command = { type, attemptId, generation, isAccepted: false }
  return { story: { ...story, commands: put(story.commands, roomId, command) }, violation: undefined }
}
