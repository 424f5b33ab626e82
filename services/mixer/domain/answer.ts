import type { MixCommandAnswered } from '../../../schemas/types.generated.ts'
import type { MixAnswer, MixCommand } from './cloud.ts'

/** The code of an answer that went well. */
export const accepted = 200

/** The general word of an error: vendors put the special case behind a dot, as in `Throttling.User`. */
export const familyOf = (error: string): string => error.split('.', 1)[0] ?? error

/** roomcast's code for the video cloud's word of refusal; every family that domain.md does not name is 3000. */
export const codeOf = (error: string): number => {
  switch (familyOf(error)) {
    case 'InvalidArgument':
      return 3400
    case 'NoSuchStream':
      return 3404
    case 'InternalError':
      return 3500
    default:
      return 3000
  }
}

const passingFamilies: ReadonlySet<string> = new Set(['InternalError', 'Throttling', 'ServiceUnavailable'])

/** True when the cloud asks for patience: the same command may be accepted a little later. */
export const isPassing = (answer: MixAnswer): boolean => !answer.accepted && passingFamilies.has(familyOf(answer.error))

/** No attempt brought an answer before the deadline, so nobody knows what the cloud did. */
export const unanswered: MixAnswer = {
  accepted: false,
  error: 'NoAnswer',
  message: 'the video cloud did not answer in time',
}

/** The command came to us after its deadline: it was not tried. */
export const tooLate: MixAnswer = {
  accepted: false,
  error: 'DeadlinePassed',
  message: 'the command came after its deadline and was not tried',
}

/**
 * The fact for `room.input.v1`. Its event id derives from the command's, so that a command which is carried out again gives
 * a fact that is recognised as a repeat.
 */
export const answeredOf = (command: MixCommand, answer: MixAnswer, nowMs: number): MixCommandAnswered => {
  const { eventId, roomId, sessionId, generation } = command.record
  const isStart = command.type === 'StartMix'
  return {
    eventId: `${eventId}.answer`,
    roomId,
    occurredAt: nowMs,
    commandId: eventId,
    sessionId,
    generation,
    action: isStart ? 'start' : 'stop',
    code: answer.accepted ? accepted : codeOf(answer.error),
    reason: answer.accepted ? '' : answer.error,
    message: answer.accepted ? '' : answer.message,
    streamNames: answer.accepted && isStart ? answer.streamNames : [],
  }
}
