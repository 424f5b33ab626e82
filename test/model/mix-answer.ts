import type { Input } from '../../services/state-machine/domain/decide.ts'
import type { Command } from './decisions.ts'

/** What the video cloud says to a mix command. */
export const answerTo = ({ type, record }: Command, isAccepted: boolean, eventId: string): Input => {
  const { roomId, sessionId, generation } = record
  return {
    type: 'MixCommandAnswered',
    record: {
      eventId,
      roomId,
      occurredAt: 0,
      commandId: '',
      sessionId,
      generation,
      action: type === 'StartMix' ? 'start' : 'stop',
      code: isAccepted ? 200 : 3404,
      reason: isAccepted ? '' : 'NoSuchStream',
      message: '',
      streamNames: isAccepted && type === 'StartMix' ? [`${roomId}_mix`] : [],
    },
  }
}
