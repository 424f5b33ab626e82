import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerMessage, Room } from '../../schemas/types.generated.ts'
import { decide, type Input, type Output } from '../../services/state-machine/domain/decide.ts'
import { holdOf, isOwner } from '../../services/state-machine/domain/terms.ts'
import type { Decide } from './decisions.ts'
import { explore } from './explore.ts'
import { all } from './scenarios.ts'

/** A decision with one bug: what is found of it, and the step at which it shows. */
type Plant = {
  readonly bug: string
  readonly scenario: string
  readonly decide: Decide
  readonly what: RegExp
  readonly lastStep: RegExp
}

const onRoom =
  (spoil: (room: Room, input: Input, before: Room | null) => Room): Decide =>
  (before, input, at, rules) => {
    const decision = decide(before, input, at, rules)
    return decision.room === null ? decision : { ...decision, room: spoil(decision.room, input, before) }
  }

const onOutputs =
  (spoil: (outputs: readonly Output[], input: Input, room: Room | null) => readonly Output[]): Decide =>
  (before, input, at, rules) => {
    const decision = decide(before, input, at, rules)
    return { ...decision, outputs: spoil(decision.outputs, input, before) }
  }

const onMessages = (keeps: (message: PeerMessage) => boolean): Decide =>
  onRoom((room) => ({ ...room, outbox: room.outbox.filter(keeps) }))

const free = { lock: null, lockPeer: null, lockedAt: null, session: null }

const plants: readonly Plant[] = [
  {
    bug: 'a peer that frees its hold by time',
    scenario: 'an agreement that is not heard of in time, or closed, or whose rooms end',
    decide: onRoom((room, input, before) => {
      const isItsTime = input.type === 'TimerFired' && input.record.timer === 'reserved-again' && room !== before
      if (!isItsTime || holdOf(room) === undefined) return room
      return { ...room, ...free, timers: room.timers.filter(({ kind }) => kind !== 'reserved-again') }
    }),
    what: /of which B knows nothing/,
    lastStep: /B: timer reserved-again/,
  },
  {
    bug: 'a room that is locked for its own agreement before it asks the other, whichever of them comes first',
    scenario: 'three rooms, all six agreements at once',
    decide: onRoom((room, input) => {
      const agreement = room.agreements.at(-1)
      const isNew = input.type === 'CohostFeedbackRequested' && agreement?.requestId === input.record.eventId
      if (!isNew || agreement === undefined || room.lock !== null) return room
      return { ...room, lock: agreement.attemptId, lockPeer: agreement.terms.peerRoomId, lockedAt: room.occurredAt }
    }),
    what: /no session/,
    lastStep: /./,
  },
  {
    bug: 'push 2 to everybody in the room',
    scenario: 'two rooms invite each other, and both agree',
    decide: onOutputs((outputs) =>
      outputs.map((output): Output =>
        output.type === 'CohostAgreed' ? { ...output, record: { ...output.record, toUid: null } } : output,
      ),
    ),
    what: /push 2 of .* goes to everybody/,
    lastStep: /reserved of/,
  },
  {
    bug: 'push 5 at the first accepted start',
    scenario: 'a session is closed and its rooms end while it starts',
    decide: (room, input, at, rules) => {
      const session = room?.session
      const isAnswered = input.type === 'MixCommandAnswered' && input.record.code === 200
      if (!isAnswered || room === null || session?.phase !== 'starting' || !isOwner(room, session.terms)) {
        return decide(room, input, at, rules)
      }
      const mixes = session.mixes.map((mix) => (mix.mainRoomId === room.roomId ? mix : { ...mix, state: 'started' }))
      return decide({ ...room, session: { ...session, mixes } }, input, at, rules)
    },
    what: /push 5 of .* but no start in B was accepted/,
    lastStep: /cloud: StartMix 1 .* in A accepted/,
  },
  {
    bug: 'a mix that ends without push 15',
    scenario: 'a mixed session is closed, its rooms end, and a stream breaks',
    decide: onOutputs((outputs) => outputs.filter(({ type }) => type !== 'MixEnded')),
    what: /ended without push 15 in [AB]/,
    lastStep: /./,
  },
  {
    bug: 'push 8 twice',
    scenario: 'a session is closed and its rooms end while it starts',
    decide: onOutputs((outputs) => [...outputs, ...outputs.filter(({ type }) => type === 'LiveEnded')]),
    what: /LiveEnded is pushed to [AB] after its end/,
    lastStep: /^leave [AB]$/,
  },
  {
    bug: 'a release that is forgotten',
    scenario: 'a session is closed and its rooms end while it starts',
    decide: onMessages(({ kind }) => kind !== 'release'),
    what: /which its owner has left/,
    lastStep: /^close A with B$|gone/,
  },
  {
    bug: 'an absorbed crossing agreement that is answered 3020',
    scenario: 'two rooms invite each other, and both agree',
    decide: onOutputs((outputs, { type }, room) =>
      outputs.map((output): Output => {
        const isMerged = output.type === 'RequestDecided' && type === 'PeerMessage' && room !== null
        const isAsker = isMerged && room.merged.some(({ requestId }) => requestId === output.record.requestId)
        return isAsker ? { ...output, record: { ...output.record, code: 3020 } } : output
      }),
    ),
    what: /crossing agreements are answered/,
    lastStep: /./,
  },
  {
    bug: 'an input that is repeated and taken again',
    scenario: 'two rooms invite each other, and both agree',
    decide: (room, input, at, rules) => {
      const isRepeated = room?.recentInputs.includes(input.record.eventId) === true
      return decide(isRepeated ? { ...room, recentInputs: [] } : room, input, at, rules)
    },
    what: /is decided twice|is sent twice/,
    lastStep: /\(again\)|reserved/,
  },
  {
    bug: 'a deadline that was set anew and fires at the old time',
    scenario: 'an invite is renewed, requested twice, cancelled, and runs out',
    decide: (room, input, at, rules) => {
      if (input.type !== 'TimerFired' || input.record.timer !== 'invite') return decide(room, input, at, rules)
      const { timer, subject } = input.record
      const current = room?.timers.find((one) => one.kind === timer && one.subject === subject)
      const { generation } = current ?? input.record
      return decide(room, { ...input, record: { ...input.record, generation } }, at, rules)
    },
    what: /a stale timer invite is taken in A/,
    lastStep: /^uA invites uB$/,
  },
  {
    bug: 'a MixAvailable that tries again after a failure and is pushed in one room alone',
    scenario: 'a session starts, with refusals, silence and a stream that breaks',
    decide: onMessages(({ kind, cause }) => kind !== 'step' || cause !== 'mix-available'),
    what: /of B the other room was told RR, its own P?R$/,
    lastStep: /./,
  },
  {
    bug: 'a peer that takes a MixAvailable for known before it has heard of the failure',
    scenario: 'a session starts, with refusals, silence and a stream that breaks',
    decide: onMessages(({ cause, flag }) => cause !== 'mix-available' || !flag),
    what: /a MixAvailable came after the failure, and nothing starts/,
    lastStep: /./,
  },
  {
    bug: 'a room that was ready when it was held, and does not say that it is again',
    scenario: 'a stream comes and goes while its room is held, and while a start is refused',
    decide: onRoom((room, { type }, before) =>
      type === 'StreamNotified' && before !== null ? { ...room, readyWhenLocked: before.readyWhenLocked } : room,
    ),
    what: /of B the other room was told I?P?R, its own/,
    lastStep: /./,
  },
  {
    bug: 'a break that is heard of late, and takes for broken what is ready again',
    scenario: 'a stream comes and goes while the restart of its mix is refused',
    decide: onRoom((room) =>
      room.session === null ? room : { ...room, session: { ...room.session, readyNumber: 0 } },
    ),
    what: /takes a room for ready that is not, or the reverse/,
    lastStep: /./,
  },
  {
    bug: 'a mix that is not stopped when its session ends before push 5',
    scenario: 'a session is closed and its rooms end while it starts',
    decide: onOutputs((outputs, { type }) =>
      outputs.filter((output) => output.type !== 'StopMix' || type !== 'CohostCloseRequested'),
    ),
    what: /is never stopped|without a start/,
    lastStep: /./,
  },
]

for (const { bug, scenario: name, decide: spoiled, what, lastStep } of plants) {
  test(`the explorer finds ${bug}`, (context) => {
    const scenario = all.find((one) => one.name === name)
    assert.ok(scenario, `there is no scenario "${name}"`)
    const { violation, states } = explore(scenario, spoiled)
    assert.ok(violation, `nothing was found in ${states} states`)
    context.diagnostic(`${violation.what}, after ${violation.trace.length} steps and ${states} states`)
    assert.match(violation.what, what)
    assert.match(violation.trace.at(-1) ?? '', lastStep, violation.trace.join('\n'))
  })
}
