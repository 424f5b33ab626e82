import type { Room } from '../../../schemas/types.generated.ts'
import { readStateMachineConfig } from '../../../services/state-machine/config.ts'
import { createRules } from '../../../services/state-machine/rules.ts'
import { decideLogged, recordLifecycles } from '../lifecycles.ts'
import { round } from '../median.ts'
import type { Figures } from '../part.ts'
import { bytesInLog, type Appendable } from './records.ts'

/** Clients that come and go are counted by themselves. */
const visits: ReadonlySet<string> = new Set(['AudienceJoined', 'AudienceLeft'])

/**
 * What the lives of two rooms with one mixed session write, by the real decisions; each input that changes its room writes a state, which
 * is an upper bound: a transaction writes a room once.
 */
export const countSessions = (inputs: number): Figures => {
  const rules = createRules(readStateMachineConfig({ MEDIA_AUTH_KEY: 'a key as long as real ones are' }))
  const rooms = new Map<string, Room>()
  const written = {
    Inputs: [] as Appendable[],
    Visits: [] as Appendable[],
    States: [] as Appendable[],
  }
  const outputs = { Signals: [] as Appendable[], Outcomes: [] as Appendable[], Commands: [] as Appendable[] }
  for (const logged of recordLifecycles({ rooms: 200, inputs, rules })) {
    const { input } = logged
    const before = rooms.get(input.record.roomId)
    for (const output of decideLogged(rooms, logged, rules)) outputs[laneOf(output.type)].push(output)
    const after = rooms.get(input.record.roomId)
    written[visits.has(input.type) ? 'Visits' : 'Inputs'].push(input)
    // Who comes or goes changes no room; what is written with them is what their room's session was about.
    if (after !== undefined && after !== before) written.States.push({ type: 'Room', record: after })
  }
  const sessions = outputs.Commands.filter(({ type }) => type === 'StartMix').length / 2
  const perSession = Object.entries({ Inputs: written.Inputs, States: written.States, ...outputs }).flatMap(
    ([name, all]) => [
      [`session${name}`, round(all.length / sessions)],
      [`session${name}Bytes`, Math.round(bytesInLog(all) / sessions)],
    ],
  )
  return {
    sessions,
    ...Object.fromEntries(perSession),
    visits: written.Visits.length,
    visitInputBytes: Math.round(bytesInLog(written.Visits) / written.Visits.length),
  }
}

const laneOf = (type: string): 'Signals' | 'Outcomes' | 'Commands' =>
  type === 'RequestDecided' ? 'Outcomes' : type === 'StartMix' || type === 'StopMix' ? 'Commands' : 'Signals'
