import type { Ending } from './invariants.ts'
import {
  agree,
  agreeAs,
  apply,
  cancel,
  chance,
  close,
  create,
  interrupt,
  invite,
  inviteViewer,
  leave,
  publish,
  ready,
  refuse,
  status,
  type Chance,
  type Event,
  type Scenario,
} from './scenario.ts'

const live = (...rooms: readonly string[]): readonly Event[] => rooms.flatMap((room) => [create(room), publish(room)])
const agreed = (a: string, b: string): readonly Event[] => [...live(a, b), invite(a, b), agree(a, b)]
const mixed = (a: string, b: string): readonly Event[] => [...agreed(a, b), ready(a), ready(b)]
const once = (...events: readonly Event[]): readonly Chance[] => events.map((event) => chance(event))

const mixTimers = {
  'mix-start': Infinity,
  'mix-stop': Infinity,
  'late-stop': Infinity,
  'mix-restart': Infinity,
  'mix-retry': Infinity,
} as const
const agreementTimers = { agreement: 1, 'reserve-again': 1, 'reserved-again': 1 } as const
const pair = ['A', 'B'] as const
const three = ['A', 'B', 'C'] as const

/** Crossing agreements end in one session, and both who agreed hear so. */
const oneSession = ({ story, rooms }: Ending): string | undefined => {
  const codes = ['uB agrees to uA', 'uA agrees to uB'].map((request) => story.outcomes[request])
  if (codes.includes(undefined)) return undefined
  if (rooms.some(({ lock }) => lock === null)) return 'two crossing agreements, and no session'
  return codes.every((code) => code === 200) ? undefined : `crossing agreements are answered ${codes.join(' and ')}`
}

/** However many agreements compete, one of them succeeds. */
const someSession = ({ story, rooms }: Ending): string | undefined => {
  const wasTried = Object.keys(story.outcomes).some((request) => request.includes('agrees'))
  return wasTried && rooms.every(({ lock }) => lock === null) ? 'agreements, and no session' : undefined
}

/** Agreements that compete: who gets which room. */
export const agreements: readonly Scenario[] = [
  {
    name: 'two rooms invite each other, and both agree',
    rooms: pair,
    before: [...live(...pair), invite('A', 'B'), invite('B', 'A')],
    chances: [chance(agree('A', 'B'), { again: 1 }), chance(agree('B', 'A'))],
    timers: { 'reserve-again': 1, 'reserved-again': 1 },
    crashes: 1,
    atRest: oneSession,
  },
  {
    name: 'two rooms invite each other, both agree, and invites run out, rooms close and end meanwhile',
    rooms: pair,
    before: [...live(...pair), invite('A', 'B'), invite('B', 'A')],
    chances: once(agree('A', 'B'), agree('B', 'A'), close('A', 'B'), leave('B')),
    timers: { invite: Infinity, agreement: 1 },
    deeper: { timers: { invite: Infinity, ...agreementTimers }, waits: 1 },
  },
  {
    name: 'three rooms, all six agreements at once',
    rooms: three,
    before: [
      ...three.map(create),
      ...three.flatMap((one) => three.filter((other) => other !== one).map((other) => invite(one, other))),
    ],
    chances: three.flatMap((one) => once(...three.filter((other) => other !== one).map((other) => agree(one, other)))),
    atRest: someSession,
    deeper: { timers: { 'reserve-again': 1, 'reserved-again': 1 } },
  },
  {
    name: 'three rooms in a ring agree, one closes and one ends',
    rooms: three,
    before: [...live(...three), ...three.map(ready), invite('A', 'B'), invite('B', 'C'), invite('C', 'A')],
    chances: once(agree('A', 'B'), agree('B', 'C'), agree('C', 'A'), close('A', 'B'), leave('B')),
    timers: { 'mix-stop': Infinity },
  },
  {
    name: 'two rooms compete for a third, with crashes',
    rooms: three,
    before: [...live(...three), invite('A', 'B'), invite('C', 'B'), invite('B', 'A')],
    chances: once(agree('A', 'B'), agree('C', 'B'), agree('B', 'A')),
    timers: { 'reserve-again': 1 },
    crashes: 1,
    deeper: { timers: agreementTimers, crashes: 2 },
  },
  {
    name: 'an agreement that is not heard of in time, or closed, or whose rooms end',
    rooms: pair,
    before: [...live(...pair), invite('A', 'B')],
    chances: [chance(agree('A', 'B'), { times: 2 }), ...once(close('A', 'B'), close('B', 'A'), leave('A'), leave('B'))],
    timers: { agreement: 1, 'reserved-again': 1 },
    deeper: { timers: agreementTimers, waits: 1 },
  },
]

/** Invites that wait: from the request to whatever ends them. */
export const invites: readonly Scenario[] = [
  {
    name: 'an invite is renewed, requested twice, cancelled, and runs out',
    rooms: pair,
    before: live(...pair),
    chances: [chance(invite('A', 'B'), { times: 2, again: 1 }), ...once(cancel('A'), leave('B'))],
    timers: { invite: Infinity },
    crashes: 1,
    waits: 1,
  },
  {
    name: 'an invite is agreed to, refused, cancelled and renewed at the same time',
    rooms: pair,
    before: [...live(...pair), invite('A', 'B')],
    chances: [
      chance(agree('A', 'B'), { times: 2 }),
      ...once(refuse('A', 'B'), cancel('A'), invite('A', 'B'), leave('A')),
    ],
    timers: { invite: Infinity, agreement: 1 },
    waits: 1,
  },
]

/** The life of a session between two broadcasters. */
export const sessions: readonly Scenario[] = [
  {
    name: 'a session starts, with refusals, silence and a stream that breaks',
    rooms: pair,
    before: agreed('A', 'B'),
    chances: [chance(ready('B'), { times: 2 }), ...once(ready('A'), interrupt('B'))],
    timers: mixTimers,
    refusals: 1,
    silences: 1,
    deeper: { chances: [chance(ready('B'), { times: 2 }), ...once(ready('A'), interrupt('B'), close('A', 'B'))] },
  },
  {
    name: 'a session that starts is closed, with refusals, silence and a stream that breaks',
    rooms: pair,
    before: agreed('A', 'B'),
    chances: once(ready('A'), ready('B'), interrupt('B'), close('A', 'B')),
    timers: mixTimers,
    refusals: 1,
    silences: 1,
  },
  {
    name: 'a session is closed and its rooms end while it starts',
    rooms: pair,
    before: [...agreed('A', 'B'), ready('A')],
    chances: once(ready('B'), close('A', 'B'), close('B', 'A'), leave('A'), leave('B')),
    timers: mixTimers,
    silences: 1,
  },
  {
    name: 'a mixed session is closed, its rooms end, and a stream breaks',
    rooms: pair,
    before: mixed('A', 'B'),
    chances: once(interrupt('B'), close('A', 'B'), close('B', 'A'), leave('A'), leave('B')),
    timers: { ...mixTimers, grace: 1 },
  },
  {
    name: 'a stream of a mixed session breaks and comes back',
    rooms: pair,
    before: mixed('A', 'B'),
    chances: [
      ...once(interrupt('B'), publish('B'), ready('B'), close('B', 'A')),
      ...once(status('A', 'B', 'MainStreamNotExist'), ready('A')),
    ],
    timers: mixTimers,
    refusals: 1,
  },
  {
    name: 'a stream comes and goes while its room is held, and while a start is refused',
    rooms: pair,
    before: [...live(...pair), ...pair.map(ready), invite('A', 'B')],
    chances: once(agree('A', 'B'), interrupt('B'), publish('B'), ready('B')),
    refusals: 1,
    deeper: {
      chances: [...once(agree('A', 'B'), interrupt('B'), publish('B')), chance(ready('B'), { times: 2 })],
      timers: mixTimers,
    },
  },
  {
    name: 'a stream comes and goes while the restart of its mix is refused',
    rooms: pair,
    before: [...mixed('A', 'B'), interrupt('B'), publish('B')],
    chances: [chance(ready('B'), { times: 3 }), ...once(interrupt('B'), publish('B'))],
    timers: mixTimers,
    refusals: 1,
  },
  {
    name: 'mixes report internal errors until the session closes',
    rooms: pair,
    before: mixed('A', 'B'),
    chances: [chance(status('B', 'A', 'InternalError'), { times: 4 }), ...once(leave('B'))],
    timers: { ...mixTimers, 'mix-retry': 4 },
    deeper: { timers: mixTimers, refusals: 1, silences: 1 },
  },
  {
    name: 'a mixed session ends, and another begins between the same rooms',
    rooms: pair,
    before: [...mixed('A', 'B')],
    chances: once(close('A', 'B'), invite('B', 'A'), agree('B', 'A'), status('B', 'A', 'InternalError'), leave('B')),
    timers: mixTimers,
    deeper: { crashes: 1 },
  },
  {
    name: 'a session is agreed to, starts and is closed, with a crash',
    rooms: pair,
    before: [...live(...pair), invite('A', 'B'), ready('A')],
    chances: once(agree('A', 'B'), ready('B'), close('B', 'A')),
    timers: mixTimers,
    crashes: 1,
    deeper: { crashes: 2 },
  },
]

const system = 'sysuMxinvitesxviewerxv1x1'
const viewers: Scenario = {
  name: 'a broadcaster invites one viewer, another applies, and both are agreed to',
  rooms: ['M'],
  before: [...live('M'), inviteViewer('M', 'v1'), apply('v2', 'M'), ready('M')],
  chances: [
    chance(agreeAs('M', 'uM', 'v1')),
    ...once(agreeAs('M', 'v2', 'uM'), ready(system), close('M', 'M'), leave('M')),
  ],
  timers: { ...mixTimers, agreement: 1 },
  deeper: { crashes: 1 },
}

/** A broadcaster with an audience party, whose room is the system's. */
export const audiences: readonly Scenario[] = [
  viewers,
  {
    name: 'the room of an audience party comes first',
    rooms: ['M'],
    before: [...live('M'), inviteViewer('M', 'v1'), apply('v1', 'M')],
    chances: once(agreeAs('M', 'uM', 'v1'), agreeAs('M', 'v1', 'uM'), close('M', 'M'), leave('M')),
    timers: { agreement: 1 },
    crashes: 1,
    deeper: { timers: agreementTimers, waits: 1 },
    mintRoomId: (text) => `Asys${text.replaceAll(/[^A-Za-z0-9]/g, 'x')}`,
  },
  {
    name: "an audience party's stream breaks and comes back, and runs out of its grace",
    rooms: ['M'],
    before: [
      ...live('M'),
      inviteViewer('M', 'v1'),
      agreeAs('M', 'uM', 'v1'),
      publish(system),
      ready(system),
      ready('M'),
    ],
    chances: [
      ...once(interrupt(system), publish(system), interrupt('M'), ready('M'), leave('M')),
      ...once(status('M', system, 'MainStreamNotExist'), close(system, 'M')),
    ],
    timers: { ...mixTimers, grace: 1, tombstone: 1 },
  },
]

export const all: readonly Scenario[] = [...agreements, ...invites, ...sessions, ...audiences]
