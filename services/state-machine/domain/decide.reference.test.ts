import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Records, Room } from '../../../schemas/types.generated.ts'
import { sessionOf } from './terms.ts'
import { Reference, type Invite, type Life, type Mix, type Session, type Verdict } from './testing/reference.ts'
import { testRules, World, type Pushed } from './testing/world.ts'

// Histories run twice: by the real decisions, in rooms that talk to each other by messages, and by the reference, in which
// all rooms are one object. After every act both have answered, pushed and commanded the same, and show the same rooms.

const runs = Number(process.env['HISTORIES'] ?? 100)
const seed = process.env['SEED']
const ids = ['A', 'B', 'C', 'D'] as const
const viewers = ['v1', 'v2', 'v3'] as const

type Setting = {
  /** Before or behind the broadcasters' rooms in the order of ids, by which locks are taken. */
  readonly systemPrefix: string
  readonly maxInvites: number
  /** A broadcaster may have several lives. */
  readonly ownerOfD: string
}

const nothing = (): void => undefined

/** How often something happened in all histories. */
const counts = new Map<string, number>()
const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)

/** The real rooms and the reference, side by side. */
class Both {
  readonly world: World
  readonly model: Reference
  /** What was done, in words. */
  readonly said: string[] = []
  readonly #uids: Readonly<Record<string, string>>
  /** How many lives each broadcaster's room has had: A, A2, A3 and so on. */
  readonly #lives = new Map<string, number>()
  #commandsSeen = 0
  #pushesSeen = 0

  constructor({ systemPrefix, maxInvites, ownerOfD }: Setting) {
    const mintRoomId = (text: string): string => `${systemPrefix}${testRules.mintRoomId(text)}`
    const rules = { ...testRules, maxInvites, mintRoomId }
    this.world = new World(rules)
    this.model = new Reference(this.world.now, { ...rules, systemRoomId: (id) => mintRoomId(`${id}.1`) })
    this.#uids = { A: 'uA', B: 'uB', C: 'uC', D: ownerOfD }
    for (const id of ids) {
      this.publish(this.create(id))
    }
    this.check()
  }

  say(words: string): void {
    this.said.push(words)
  }

  /** The newest room of that name: one that is forgotten is followed by one of another id. */
  idOf(name: string): string {
    const lives = this.#lives.get(name) ?? 1
    return lives === 1 ? name : `${name}${lives}`
  }

  uidOf(id: string): string {
    return this.#uids[id.charAt(0)] ?? id
  }

  /** The newest input once more, as a repeat of the same record. */
  #putAgain: () => void = nothing

  readonly #put: World['put'] = (type, roomId, body) => {
    const id = this.world.put(type, roomId, body)
    // What a room refuses that does not exist is remembered nowhere.
    const isRemembered = this.world.rooms.has(roomId)
    this.#putAgain = (): void => void (isRemembered && this.world.put(type, roomId, body, id))
    return id
  }

  // The same request to both. Its id is the real one's.

  create(name: string): string {
    if (!this.model.lives.has(this.idOf(name))) this.#lives.set(name, (this.#lives.get(name) ?? 0) + 1)
    const id = this.idOf(name)
    const uid = this.uidOf(id)
    const body = { uid, name: `name-${uid}`, description: null }
    this.#ask(this.#put('LiveCreateRequested', id, body), () => this.model.create(id, uid))
    return id
  }

  leave(id: string): void {
    this.#ask(this.#put('LiveLeaveRequested', id, {}), () => this.model.leave(id))
  }

  invite(
    liveRoomId: string,
    inviterUid: string,
    inviteeUid: string,
    inviteeRoomId: string | null,
    inviterType: 1 | 2,
    type: string,
  ): void {
    const request = { inviterUid, inviteeUid, inviteeRoomId, inviterType, type }
    const body = { ...request, inviterName: null, inviteeName: null }
    const isKnown = this.model.invites.map((one) => one.id)
    const verdict = this.#ask(this.#put('CohostInviteRequested', liveRoomId, body), (requestId) =>
      this.model.invite(requestId, liveRoomId, request),
    )
    if (verdict.sessionId !== undefined && isKnown.includes(verdict.sessionId)) count('renewal')
  }

  cancel(liveRoomId: string, inviterUid: string, inviteeUid: string | null): void {
    const id = this.#put('CohostCancelRequested', liveRoomId, { inviterUid, inviteeUid })
    const { code } = this.#ask(id, () => this.model.cancel(liveRoomId, inviterUid, inviteeUid))
    if (code === 200) count('cancel')
  }

  answer(liveRoomId: string, inviterUid: string, inviteeUid: string, status: 1 | 2): void {
    const sessions = this.sessions()
    const isCrossed = this.model.invites.some((one) => one.inviterUid === inviteeUid && one.inviteeUid === inviterUid)
    const id = this.#put('CohostFeedbackRequested', liveRoomId, { inviterUid, inviteeUid, status })
    const { code } = this.#ask(id, () =>
      status === 1
        ? this.model.agree(liveRoomId, inviterUid, inviteeUid)
        : this.model.refuse(liveRoomId, inviterUid, inviteeUid),
    )
    const begun = this.sessions().find((session) => !sessions.includes(session))
    if (begun !== undefined) {
      count(`session ${nameOf(begun.inviter.type)} invites ${nameOf(begun.invitee.type)}`)
      if (isCrossed) count('crossing invites')
    } else if (status === 1 && code === 200) count('agreement asked again')
    else if (code === 200) count('refusal')
  }

  close(closing: string, notified: string): void {
    const room = this.model.lives.get(closing)
    const phase = room?.session?.phase ?? 'none'
    const id = this.#put('CohostCloseRequested', closing, { notifiedRoomId: notified })
    const { code } = this.#ask(id, () => this.model.close(closing, notified))
    if (code === 200) count(`close in ${phase}`)
  }

  #ask(requestId: string, ask: (requestId: string) => Verdict): Verdict {
    const verdict = ask(requestId)
    const outcome = this.world.outcomes.get(requestId)
    assert.ok(outcome, 'a request has its outcome at once')
    assert.deepEqual(verdictOf(outcome), verdict)
    count(`outcome ${verdict.code}`)
    return verdict
  }

  // The same news from the cloud for both.

  publish(id: string, cloudTime: number | null = null): void {
    this.#put('StreamNotified', id, { action: 'publish', cloudTime })
    this.model.publish(id, cloudTime)
  }

  interrupt(id: string, cloudTime: number | null = null): void {
    this.#put('StreamNotified', id, { action: 'publish_done', cloudTime })
    this.model.publishDone(id, cloudTime)
  }

  ready(id: string): void {
    const mended = this.model.mixes.filter(({ main, state }) => main.id === id && state === 'broken')
    this.#put('MixAvailabilityNotified', id, { cloudTime: null })
    this.model.mixAvailable(id)
    if (mended.some(({ state }) => state === 'restarting')) count('break mended')
  }

  /** The answer to the command that is the `back`-th newest of that mix. */
  answerMix(mix: Mix, back: number, code: number): void {
    const command = this.model.commands.filter((one) => one.of === mix).at(-1 - back)
    if (command === undefined) return
    // Between rooms order is free: the same command is the one of the same place among those of its room.
    const place = this.model.commands.filter(({ main }) => main === command.main).indexOf(command)
    const real = this.world.commands.filter(({ record }) => record.roomId === command.main)[place]?.record
    assert.ok(real)
    const { sessionId, generation, eventId: commandId } = real
    const isStart = command.type === 'StartMix'
    const reason = code === 200 ? '' : 'NoSuchStream'
    const streamNames = isStart && code === 200 ? [`${mix.main.id}_mix${generation}`] : []
    const action = isStart ? 'start' : 'stop'
    this.say(`${action} ${generation} of ${mix.main.id}<-${mix.mix.id}: ${code}`)
    const body = { commandId, sessionId, generation, action, code, reason, message: reason, streamNames }
    this.#put('MixCommandAnswered', mix.main.id, body)
    this.model.answer(command, code, reason, streamNames)
  }

  status(main: string, mix: string, event: string, code: string): void {
    if (this.#isForgotten(main, mix)) return
    const message = code === 'Success' ? '' : `${code} happened`
    const body = { mixRoomId: mix, mixType: 'channel', mixTemplate: 'side_by_side', event, code, message }
    this.#put('MixStatusNotified', main, body)
    this.model.status(main, mix, event, code)
  }

  /**
   * A StopMix that is never answered: status callbacks belong to its session for ever by the letter of the rules; the
   * real rooms forget it some time after MIX_TIMEOUT_MS, the rooms of a session that lives do not.
   */
  #isForgotten(main: string, mix: string): boolean {
    const running = this.model.runningMix(main, mix)
    const stop = this.model.commands.findLast(({ of }) => of === running)
    return stop?.type === 'StopMix' && stop.deadline <= this.model.now
  }

  pass(ms: number): void {
    this.world.pass(ms)
    this.model.pass(ms)
  }

  /** Runs an act in both; they must show the same after it. */
  act({ run }: Act): void {
    const phases = new Map(this.sessions().map((session) => [session, session.phase]))
    const over = new Map(
      [...phases.keys()].map((session) => [
        session,
        [session.inviter.room, session.invitee.room].filter(({ status }) => status === 2),
      ]),
    )
    try {
      this.#putAgain = nothing
      run(this)
      this.check()
      this.#putAgain()
      this.check()
      // So no two acts' deadlines ever fall on the same moment, whose order nobody promises.
      this.pass(1)
      this.check()
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause)
      throw new Error([...this.said, words].join('\n'), { cause })
    }
    for (const [session, phase] of phases) {
      const { inviter, invitee } = session
      const hadEnded = over.get(session) ?? []
      for (const { room, type } of [inviter, invitee]) {
        if (room.status !== 2 || hadEnded.includes(room)) continue
        count(`end of the ${room === inviter.room ? 'inviter' : 'invitee'}'s room (${nameOf(type)}) in ${phase}`)
      }
    }
  }

  sessions(): readonly Session[] {
    return [...new Set([...this.model.lives.values()].flatMap(({ session }) => session ?? []))]
  }

  check(): void {
    const real = this.world.pushes.slice(this.#pushesSeen)
    this.#pushesSeen = this.world.pushes.length
    const expected = this.model.pushes.splice(0)
    if (real.length + expected.length > 0) {
      assert.deepEqual(byRoom(real.map(plain)), byRoom(expected.map(withoutWhy)))
      for (const { type, endReason } of expected) count(endReason === null ? type : `${type} ${endReason}`)
    }
    const commands = this.world.commands.slice(this.#commandsSeen)
    const expectedCommands = this.model.commands.slice(this.#commandsSeen)
    this.#commandsSeen = this.model.commands.length
    if (commands.length + expectedCommands.length > 0) {
      const sent = commands.map(({ type, record }) => ({
        room: record.roomId,
        type,
        mix: record.mixRoomId,
        generation: record.generation,
        deadline: record.deadline,
        template: 'mixTemplate' in record ? record.mixTemplate : undefined,
      }))
      assert.deepEqual(
        byRoom(sent),
        byRoom(expectedCommands.map(({ main: room, of: _mix, ...rest }) => ({ ...rest, room }))),
      )
    }
    assert.equal(
      [...this.world.rooms.values()].flatMap(realLine).toSorted().join('\n'),
      [...this.model.lives.values()].flatMap(modelLine).toSorted().join('\n'),
    )
  }
}

const nameOf = (type: 1 | 2): string => (type === 1 ? 'audience' : 'broadcaster')

/** A living room as it shows itself, and that an ended one is still known. */
const realLine = (room: Room): string | readonly string[] => {
  if (room.uid === '') return []
  if (room.status === 2) return room.type === 1 ? [] : `${room.roomId} has ended`
  const { roomId, uid, status, type, mixReady, mixed } = room
  return `${roomId} ${uid} ${type} ${status} ready ${mixReady} mixed ${mixed} in ${sessionOf(room)?.terms.sessionId}`
}
const modelLine = ({ id, uid, status, type, mixReady, session }: Life): string | readonly string[] => {
  if (status === 2) return type === 1 ? [] : `${id} has ended`
  return `${id} ${uid} ${type} ${status} ready ${mixReady} mixed ${session?.isMixed ?? false} in ${session?.id}`
}

const verdictOf = ({ code, sessionId, cohost }: Records['RequestDecided']): Verdict => ({
  code,
  ...(sessionId === null ? {} : { sessionId }),
  ...(cohost === null ? {} : { cohost }),
})

type Plain = { readonly room: string; readonly type: string; readonly [field: string]: unknown }

/** The reasons that the rules name are those of ends and of failed starts. */
const hasReason = (type: string): boolean => ['CohostEnded', 'MixEnded', 'MixFailed', 'LiveEnded'].includes(type)

const withoutWhy = ({ endReason, actor, ...rest }: Reference['pushes'][number]): Plain => ({
  ...rest,
  ...(hasReason(rest.type) ? { endReason, actor } : {}),
})

const plain = ({ room, to, type, record }: Pushed): Plain => {
  const { eventId: _id, roomId: _room, occurredAt: time, ...fields } = record
  const { inputPos: _position, toUid: _to, endReason, actor, ...body } = { ...noEnvelope, ...fields }
  return { room, to, type, time, body, ...(hasReason(type) ? { endReason, actor } : {}) }
}
const noEnvelope = { inputPos: 0, toUid: null, endReason: null, actor: null }

/** In order inside a room; refusals that come together have no order. */
const byRoom = (list: readonly Plain[]): Readonly<Record<string, readonly Plain[] | undefined>> =>
  Object.groupBy(
    list.toSorted((one, other) =>
      one.type === 'CohostRefused' && other.type === one.type
        ? JSON.stringify(one) < JSON.stringify(other)
          ? -1
          : 1
        : 0,
    ),
    ({ room }) => room,
  )

/** One thing that happens; first it says in words what that is. */
type Act = { readonly run: (both: Both) => void }

const pick = <T>(list: readonly T[], which: number): T | undefined => list[which % Math.max(1, list.length)]
const any = fc.nat(11)
const room = fc.constantFrom(...ids)
const template = fc.constantFrom('side_by_side', 'picture_in_picture')
const word = fc.constantFrom('Success', 'MainStreamNotExist', 'MixStreamNotExist', 'InternalError', 'InternalError')
const event = fc.constantFrom('EventMix', 'EventMixStop', 'MixResult')

const doing = <T>(arbitrary: fc.Arbitrary<T>, run: (both: Both, chosen: T) => void): fc.Arbitrary<Act> =>
  arbitrary.map((chosen) => ({
    run: (both: Both) => run(both, chosen),
    [fc.toStringMethod]: () => fc.stringify(chosen),
  }))

/** An act on one of the rooms that fit. */
const onRoom = (fits: (life: Life) => boolean, say: string, run: (both: Both, id: string) => void): fc.Arbitrary<Act> =>
  doing(any, (both, which) => {
    const life = pick(
      [...both.model.lives.values()].filter((one) => one.status !== 2 && fits(one)),
      which,
    )
    if (life === undefined) return
    both.say(`${say} ${life.id}`)
    run(both, life.id)
  })

const onInvite = (say: string, run: (both: Both, invite: Invite) => void): fc.Arbitrary<Act> =>
  doing(any, (both, which) => {
    const invite = pick(both.model.invites, which)
    if (invite === undefined) return
    both.say(`${say} ${invite.inviterUid}'s invite to ${invite.inviteeUid} in ${invite.live.id}`)
    run(both, invite)
  })

const onMix = (
  fits: (mix: Mix) => boolean,
  how: fc.Arbitrary<{ readonly run: (both: Both, mix: Mix) => void }>,
): fc.Arbitrary<Act> =>
  doing(fc.tuple(any, how), (both, [which, { run }]) => {
    const mix = pick(both.model.mixes.slice(-8).filter(fits), which)
    if (mix !== undefined) run(both, mix)
  })

const isUnready = ({ session, mixReady }: Life): boolean => session !== undefined && !mixReady
const isUnmixed = ({ session }: Life): boolean => session?.hasFailed === true && session.phase === 'agreed'
const awaitsAnswer = ({ state }: Mix): boolean => ['starting', 'restarting', 'stopping'].includes(state)

/** The next step on the way to a mix, wherever one is due. */
const goOn = (both: Both, which: number): void => {
  const { model } = both
  const lives = [...model.lives.values()].filter(({ status }) => status !== 2)
  const mix = pick(model.mixes.filter(awaitsAnswer), which)
  const unready = pick(lives.filter(isUnready), which)
  const invite = pick(
    model.invites.filter(({ live, inviteeRoom }) => live.session === undefined && inviteeRoom?.session === undefined),
    which,
  )
  const free = lives.filter(({ session, type }) => session === undefined && type === 2)
  const [from, to] = [pick(free, which), pick(free, which + 1)]
  if (mix !== undefined && mix.state !== 'stopping') both.answerMix(mix, 0, 200)
  else if (unready !== undefined) {
    both.say(`ready ${unready.id}`)
    both.ready(unready.id)
  } else if (invite !== undefined) {
    both.say(`${invite.inviteeUid} agrees to ${invite.inviterUid}'s invite in ${invite.live.id}`)
    both.answer(invite.live.id, invite.inviterUid, invite.inviteeUid, 1)
  } else if (from !== undefined && which % 3 === 0) {
    both.say(`v1 asks ${from.id}, side_by_side`)
    both.invite(from.id, 'v1', from.uid, null, 1, 'side_by_side')
  } else if (from !== undefined && to !== undefined && from !== to) {
    both.say(`${from.id} invites ${to.id}, side_by_side`)
    both.invite(from.id, from.uid, to.uid, to.id, 2, 'side_by_side')
  }
}

const weighted: readonly (readonly [number, fc.Arbitrary<Act>])[] = [
  [20, doing(any, goOn)],
  [
    1,
    doing(room, (both, to) => {
      both.say(`all invite ${to}`)
      for (const from of ids) {
        both.invite(both.idOf(from), both.uidOf(from), both.uidOf(to), both.idOf(to), 2, 'side_by_side')
        both.pass(1)
      }
    }),
  ],
  [
    8,
    doing(any, (both, which) => {
      const name =
        pick(
          ids.filter((one) => !both.model.lives.has(both.idOf(one))),
          which,
        ) ??
        pick(ids, which) ??
        'A'
      both.say(`create ${both.create(name)}`)
    }),
  ],
  [
    5,
    onRoom(
      ({ status }) => status !== 1,
      'publish',
      (both, id) => both.publish(id),
    ),
  ],
  [
    2,
    onRoom(
      ({ status }) => status === 1,
      'interrupt',
      (both, id) => both.interrupt(id),
    ),
  ],
  [
    2,
    onRoom(
      ({ session }) => session?.isMixed === true,
      'interrupt',
      (both, id) => both.interrupt(id),
    ),
  ],
  [
    1,
    doing(fc.tuple(room, fc.nat(9), fc.boolean()), (both, [name, time, isStart]) => {
      const id = both.idOf(name)
      both.say(`${isStart ? 'publish' : 'interrupt'} ${id} at the cloud's ${time}`)
      if (isStart) both.publish(id, time)
      else both.interrupt(id, time)
    }),
  ],
  [
    2,
    onRoom(
      () => true,
      'ready',
      (both, id) => both.ready(id),
    ),
  ],
  [14, onRoom(isUnready, 'ready', (both, id) => both.ready(id))],
  [2, onRoom(isUnmixed, 'ready again', (both, id) => both.ready(id))],
  [
    5,
    doing(fc.tuple(any, any, template), (both, [one, other, type]) => {
      const free = ids.map((name) => both.idOf(name)).filter((id) => both.model.lives.get(id)?.session === undefined)
      const [from, to] = [pick(free, one), pick(free, other)]
      if (from === undefined || to === undefined) return
      both.say(`${from} invites ${to}, ${type}`)
      both.invite(from, both.uidOf(from), both.uidOf(to), to, 2, type)
    }),
  ],
  [
    1,
    doing(fc.tuple(room, room, fc.constantFrom('uA', 'uB', 'v1'), template), (both, [one, other, uid, type]) => {
      const [from, to] = [both.idOf(one), both.idOf(other)]
      both.say(`${from} invites ${uid} in ${to}`)
      both.invite(from, both.uidOf(from), uid, to, 2, type)
    }),
  ],
  [
    6,
    doing(
      fc.tuple(room, fc.constantFrom(...viewers, 'uB'), fc.boolean(), template),
      (both, [name, uid, applies, type]) => {
        const id = both.idOf(name)
        both.say(applies ? `${uid} asks ${id}, ${type}` : `${id} invites ${uid}, ${type}`)
        if (applies) both.invite(id, uid, both.uidOf(id), null, 1, type)
        else both.invite(id, both.uidOf(id), uid, null, 2, type)
      },
    ),
  ],
  [
    2,
    onInvite('cross', (both, { live, inviterUid, inviteeUid, inviterType, inviteeRoom, type }) => {
      if (inviteeRoom === undefined) {
        both.invite(live.id, inviteeUid, inviterUid, null, inviterType === 1 ? 2 : 1, type)
      } else both.invite(inviteeRoom.id, inviteeUid, inviterUid, live.id, 2, type)
    }),
  ],
  [
    1,
    onInvite('renew', (both, { live, inviterUid, inviteeUid, inviterType, inviteeRoom, type }) =>
      both.invite(live.id, inviterUid, inviteeUid, inviteeRoom?.id ?? null, inviterType, type),
    ),
  ],
  [
    8,
    onInvite('agree to', (both, { live, inviterUid, inviteeUid }) => both.answer(live.id, inviterUid, inviteeUid, 1)),
  ],
  [1, onInvite('refuse', (both, { live, inviterUid, inviteeUid }) => both.answer(live.id, inviterUid, inviteeUid, 2))],
  [2, onInvite('cancel', (both, { live, inviterUid, inviteeUid }) => both.cancel(live.id, inviterUid, inviteeUid))],
  [
    1,
    doing(fc.tuple(any, room), (both, [which, name]) => {
      const id = both.idOf(name)
      const uid = pick([both.uidOf(id), ...viewers], which) ?? ''
      both.say(`${uid} cancels all in ${id}`)
      both.cancel(id, uid, null)
    }),
  ],
  [
    2,
    doing(fc.tuple(any, any, fc.boolean()), (both, [which, uid, isDone]) => {
      const session = pick(both.sessions(), which)
      if (session === undefined) return
      const uids = [session.inviter.uid, session.invitee.uid]
      const live = [session.inviter.room, session.invitee.room].filter(({ type }) => type === 2)
      const [from = '', to = ''] = uid % 2 === 0 ? uids : uids.toReversed()
      const id = pick(live, uid)?.id ?? ''
      both.say(`answer ${isDone} again in ${id}: ${from}, ${to}`)
      both.answer(id, from, to, isDone ? 1 : 2)
    }),
  ],
  [
    2,
    doing(fc.tuple(any, fc.nat(3)), (both, [which, how]) => {
      const session = pick(both.sessions(), which)
      if (session === undefined) return
      const rooms = [session.inviter.room.id, session.invitee.room.id]
      const [closing = '', notified = ''] = how % 2 === 0 ? rooms : rooms.toReversed()
      // An audience party may name the room that it watches.
      const named = how === 3 ? closing : notified
      both.say(`close ${closing}, ${named}`)
      both.close(closing, named)
    }),
  ],
  [
    1,
    doing(fc.tuple(room, room), (both, [one, other]) => {
      const [closing, notified] = [both.idOf(one), both.idOf(other)]
      both.say(`close ${closing}, ${notified}`)
      both.close(closing, notified)
    }),
  ],
  [
    16,
    onMix(
      awaitsAnswer,
      fc
        .tuple(fc.constantFrom(0, 0, 0, 0, 0, 1), fc.constantFrom(200, 200, 200, 200, 200, 200, 3404))
        .map(([back, code]) => ({ run: (both: Both, mix: Mix) => both.answerMix(mix, back, code) })),
    ),
  ],
  [
    1,
    onMix(
      () => true,
      fc
        .tuple(fc.nat(2), fc.constantFrom(200, 3500))
        .map(([back, code]) => ({ run: (both: Both, mix: Mix) => both.answerMix(mix, back, code) })),
    ),
  ],
  [
    6,
    onMix(
      ({ state }) => state !== 'idle',
      fc.tuple(event, word).map(([name, code]) => ({
        run: (both: Both, { main, mix }: Mix): void => {
          both.say(`status of ${main.id}<-${mix.id}: ${name} ${code}`)
          both.status(main.id, mix.id, name, code)
        },
      })),
    ),
  ],
  [
    3,
    onMix(
      ({ state, erring }) => erring || state === 'started',
      fc.constant({
        run: (both: Both, { main, mix }: Mix): void => {
          both.say(`status of ${main.id}<-${mix.id}: InternalError, and 20 s pass`)
          both.status(main.id, mix.id, 'EventMix', 'InternalError')
          both.pass(20_000)
        },
      }),
    ),
  ],
  [
    3,
    doing(fc.constantFrom(1_000, 1_000, 1_000, 5_000, 5_000, 20_000, 20_000, 31_000, 61_000, 181_000), (both, ms) => {
      both.say(`${ms} ms pass`)
      both.pass(ms)
    }),
  ],
  [
    1,
    onRoom(
      ({ session }) => session !== undefined,
      'leave',
      (both, id) => both.leave(id),
    ),
  ],
  [
    1,
    doing(room, (both, name) => {
      const id = both.idOf(name)
      both.say(`leave ${id}`)
      both.leave(id)
    }),
  ],
]

const act = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const setting: fc.Arbitrary<Setting> = fc.record({
  systemPrefix: fc.constantFrom('', '0'),
  maxInvites: fc.constantFrom(200, 3, 2),
  ownerOfD: fc.constantFrom('uD', 'uB'),
})

const check = (numRuns: number, from: { readonly seed?: number }): void =>
  fc.assert(
    fc.property(setting, fc.array(act, { maxLength: 200, size: 'max' }), (chosen, acts) => {
      const both = new Both(chosen)
      for (const one of acts) both.act(one)
    }),
    { numRuns, includeErrorInReport: true, ...from },
  )

test('histories that reach everything give the outcomes, pushes, commands and rooms that the rules say', () => {
  counts.clear()
  check(300, { seed: 1 })
  const phases = ['agreed', 'starting', 'mixed', 'stopping']
  const reasons = ['request', 'room-ended', 'grace-expired', 'mix-internal-error']
  const reached = [
    'session broadcaster invites broadcaster',
    'session broadcaster invites audience',
    'session audience invites broadcaster',
    ...phases.flatMap((phase) => [
      `close in ${phase}`,
      `end of the inviter's room (broadcaster) in ${phase}`,
      `end of the invitee's room (broadcaster) in ${phase}`,
      `end of the inviter's room (audience) in ${phase}`,
      `end of the invitee's room (audience) in ${phase}`,
    ]),
    ...[200, 2002, 2003, 3020, 3404].map((code) => `outcome ${code}`),
    ...reasons.flatMap((reason) => [`CohostEnded ${reason}`, `MixEnded ${reason}`]),
    'MixFailed mix-refused',
    'MixFailed mix-timeout',
    'LiveEnded request',
    'LiveEnded grace-expired',
    'CohostInvited',
    'CohostAgreed',
    'CohostRefused',
    'InviteExpired',
    'InviteCancelled',
    'StreamPublished',
    'StreamInterrupted',
    'MixAvailable',
    'MixSucceeded',
    'MixCommandStatus',
    'crossing invites',
    'agreement asked again',
    'renewal',
    'refusal',
    'cancel',
    'break mended',
  ]
  assert.deepEqual(
    reached.filter((what) => !counts.has(what)),
    [],
    'never reached',
  )
})

test('any history gives the outcomes, pushes, commands and rooms that the rules say', (context) => {
  check(runs, seed === undefined || seed === '' ? {} : { seed: Number(seed) })
  context.diagnostic(JSON.stringify(Object.fromEntries(counts)))
})
