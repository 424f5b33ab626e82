import type { Action, Model } from './model.ts'
import { unpack, type State } from './state.ts'

/** An action in words, as a step of a trace. */
export const say = ({ decisions, deliveryOf, scenario, slots }: Model, state: State, action: Action): string => {
  switch (action.kind) {
    case 'deliver': {
      const lane = state.lanes[action.index]
      if (lane === undefined) return '?'
      const { ignored } = deliveryOf(state, lane)
      const { kind, cause, sessionId, fromRoomId, roomId } = decisions.message(unpack(lane.parcels[0] ?? 0).message)
      const about = [kind, cause, `of ${sessionId}`, ignored && `(${ignored})`].filter(Boolean)
      return `${fromRoomId}→${roomId} ${about.join(' ')}`
    }
    case 'fire': {
      const timer = decisions.room(state.rooms[action.slot] ?? 0)?.timers[action.timer]
      return `${slots.roomAt(action.slot)}: timer ${timer?.kind ?? '?'} ${timer?.subject ?? ''}`
    }
    case 'answer': {
      const { type, record } = decisions.command(state.commands[action.slot]?.[0] ?? 0)
      return `cloud: ${type} ${record.generation} of ${record.sessionId} in ${record.roomId} ${action.word}`
    }
    case 'event':
      return `${scenario.chances[action.chance]?.event.say ?? '?'}${action.isAgain ? ' (again)' : ''}`
    case 'crash':
      return `crash of ${slots.roomAt(action.slot)}: its last ${action.count} messages are sent again`
    case 'wait':
      return `some time passes in ${slots.roomAt(action.slot)}`
  }
}
