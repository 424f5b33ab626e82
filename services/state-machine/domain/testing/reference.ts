// The lifecycle as clients and requesters see it, as short as it can be said: all rooms live in one object, what happens
// happens at once, and no two rooms ever have to agree. It shares nothing with the real decisions but the names of pushes.

/** Durations in ms, the limit of waiting invites, and the addresses. */
export type ReferenceRules = {
  readonly graceMs: number
  readonly inviteTtlMs: number
  readonly mixTimeoutMs: number
  readonly tombstoneMs: number
  readonly maxInvites: number
  readonly media: {
    readonly pushUrl: (room: string, at: number) => string
    readonly shortDelayUrl: (room: string) => string
    readonly streamUrl: (stream: string) => string
  }
  /** The room of an audience party in the session of that id. */
  readonly systemRoomId: (sessionId: string) => string
}

/** What a requester sees: the code, and what comes with 200. */
export type Verdict = { readonly code: number; readonly sessionId?: string; readonly cohost?: object }

/** What is pushed to a room, or to one user in it; `body` holds the fields of the message. */
export type ReferencePush = {
  readonly room: string
  readonly to: string | null
  readonly type: string
  readonly time: number
  readonly endReason: string | null
  readonly actor: string | null
  readonly body: object
}
export type ReferenceCommand = {
  readonly type: 'StartMix' | 'StopMix'
  readonly of: Mix
  readonly main: string
  readonly mix: string
  readonly generation: number
  readonly deadline: number
  readonly template: string | undefined
}

type Deadline = { readonly at: number; readonly run: () => void }
type Waiting = Deadline | undefined

export type Life = {
  readonly id: string
  readonly uid: string
  readonly name: string
  readonly type: 1 | 2
  status: 0 | 1 | 2 | 10
  mixReady: boolean
  session: Session | undefined
  streamTime: number
  grace: Waiting
}
export type Invite = {
  readonly id: string
  readonly live: Life
  readonly inviterUid: string
  readonly inviterName: string
  readonly inviterType: 1 | 2
  readonly inviteeUid: string
  readonly inviteeName: string
  /** The room of an invitee who is a broadcaster of his own. */
  readonly inviteeRoom: Life | undefined
  readonly type: string
  readonly expiry: Deadline
}
type Party = { readonly uid: string; readonly name: string; readonly room: Life; readonly type: 1 | 2 }
export type Session = {
  readonly id: string
  readonly type: string
  readonly inviter: Party
  readonly invitee: Party
  readonly agreedAt: number
  readonly mixes: Mix[]
  phase: 'agreed' | 'starting' | 'mixed' | 'stopping' | 'over'
  /** A start has failed: the next MixAvailable of either room tries again. */
  hasFailed: boolean
  isMixed: boolean
  deadline: Waiting
}
export type Mix = {
  readonly session: Session
  readonly main: Life
  readonly mix: Life
  state: 'idle' | 'starting' | 'started' | 'restarting' | 'broken' | 'stopping' | 'stopped'
  generation: number
  streams: readonly string[]
  /** InternalError: reported and not over, how many new starts were tried, and until when the next one waits. */
  erring: boolean
  retries: number
  pause: Waiting
  restart: Waiting
}
type Why = { readonly endReason: string; readonly actor: string }

const maxRetries = 3
const statusCodes: Readonly<Record<string, number>> = {
  Success: 200,
  MainStreamNotExist: 3404,
  MixStreamNotExist: 3404,
  InternalError: 3500,
}

/** All rooms, and the clock that `pass` moves. Requests are asked by their id, which becomes a new invite's session id. */
export class Reference {
  readonly lives = new Map<string, Life>()
  /** Those that wait, the newest last. */
  invites: readonly Invite[] = []
  /** Every mix that ever was to be, the newest last. */
  readonly mixes: Mix[] = []
  readonly pushes: ReferencePush[] = []
  readonly commands: ReferenceCommand[] = []
  now: number
  readonly #rules: ReferenceRules
  readonly #deadlines = new Set<Deadline>()

  constructor(now: number, rules: ReferenceRules) {
    this.now = now
    this.#rules = rules
  }

  // The room.

  create(id: string, uid: string): Verdict {
    if (this.lives.has(id)) return { code: 3020 }
    this.#begin(id, uid, `name-${uid}`, 2)
    return { code: 200 }
  }

  publish(id: string, cloudTime: number | null): void {
    const room = this.#living(id)
    if (room === undefined || (cloudTime ?? Infinity) < room.streamTime || room.status === 1) return
    room.status = 1
    room.streamTime = cloudTime ?? room.streamTime
    this.#cancel(room.grace)
    this.#announce(room, 'StreamPublished')
  }

  publishDone(id: string, cloudTime: number | null): void {
    const room = this.#living(id)
    if (room === undefined || (cloudTime ?? Infinity) < room.streamTime || room.status !== 1) return
    room.status = room.type === 1 ? 10 : 0
    room.streamTime = cloudTime ?? room.streamTime
    room.grace = this.#after(this.#rules.graceMs, () => this.#expire(room))
    this.#announce(room, 'StreamInterrupted')
    this.#loseStream(room)
  }

  mixAvailable(id: string): void {
    const room = this.#living(id)
    const session = room?.session
    const isUnmixed = session?.phase === 'agreed' && session.hasFailed
    if (room === undefined || (room.mixReady && !isUnmixed)) return
    room.mixReady = true
    if (session === undefined) return
    this.#announce(room, 'MixAvailable')
    this.#startIfReady(session)
    for (const mix of session.mixes) if (mix.main === room && mix.state === 'broken') this.#restart(mix)
  }

  leave(id: string): Verdict {
    const room = this.lives.get(id)
    if (room === undefined || room.type === 1) return { code: 2003 }
    if (room.status !== 2) this.#end(room, { endReason: 'request', actor: room.uid })
    return { code: 200 }
  }

  #begin(id: string, uid: string, name: string, type: 1 | 2): Life {
    const grace = this.#after(this.#rules.graceMs, () => this.#expire(room))
    const status = type === 1 ? 10 : 0
    const room: Life = { id, uid, name, type, status, mixReady: false, session: undefined, streamTime: 0, grace }
    this.lives.set(id, room)
    return room
  }

  #living(id: string): Life | undefined {
    const room = this.lives.get(id)
    return room?.status === 2 ? undefined : room
  }

  #expire(room: Life): void {
    this.#end(room, { endReason: 'grace-expired', actor: 'clock' })
  }

  #end(room: Life, why: Why): void {
    for (const invite of this.invites) if (invite.live === room) this.#drop(invite)
    const closing = why.endReason === 'request' ? { ...why, endReason: 'room-ended' } : why
    if (room.session !== undefined) this.#close(room.session, room, closing)
    if (room.type === 2) this.#push(room, null, 'LiveEnded', {}, why)
    this.#bury(room)
  }

  #bury(room: Life): void {
    room.status = 2
    this.#cancel(room.grace)
    this.#after(this.#rules.tombstoneMs, () => this.lives.delete(room.id))
  }

  /** The mix whose main stream this was is broken. */
  #loseStream(room: Life): void {
    room.mixReady = false
    if (room.session?.phase !== 'mixed') return
    for (const mix of room.session.mixes) if (mix.main === room) this.#break(mix)
  }

  // The invite.

  invite(
    requestId: string,
    liveRoomId: string,
    request: {
      readonly inviterUid: string
      readonly inviteeUid: string
      readonly inviteeRoomId: string | null
      readonly inviterType: 1 | 2
      readonly type: string
    },
  ): Verdict {
    const { inviterUid, inviteeUid, inviteeRoomId, inviterType, type } = request
    const live = this.#living(liveRoomId)
    if (live === undefined) return { code: 2003 }
    if (live.uid !== (inviterType === 2 ? inviterUid : inviteeUid)) return { code: 2002 }
    if (inviterUid === inviteeUid || inviteeRoomId === liveRoomId) return { code: 2002 }
    const inviteeRoom = inviteeRoomId === null ? undefined : this.#living(inviteeRoomId)
    const renewed = this.invites.find(
      (one) =>
        one.live === live &&
        one.inviterUid === inviterUid &&
        one.inviteeUid === inviteeUid &&
        (one.inviteeRoom?.id ?? null) === inviteeRoomId,
    )
    const isFull = (count: number): boolean => renewed === undefined && count >= this.#rules.maxInvites
    if (live.session !== undefined || isFull(this.invitesIn(live).length)) return { code: 3020 }
    if (inviteeRoomId !== null) {
      if (inviteeRoom === undefined) return { code: 2003 }
      if (inviteeRoom.uid !== inviteeUid) return { code: 2002 }
      const waiting = this.invites.filter((one) => one.inviteeRoom === inviteeRoom)
      if (inviteeRoom.session !== undefined || isFull(waiting.length)) return { code: 3020 }
    }
    if (renewed !== undefined) this.#drop(renewed)
    const invite: Invite = {
      id: renewed?.id ?? requestId,
      live,
      inviterUid,
      inviterName: inviterType === 2 ? live.name : inviterUid,
      inviterType,
      inviteeUid,
      inviteeName: inviterType === 1 ? live.name : (inviteeRoom?.name ?? inviteeUid),
      inviteeRoom,
      type,
      expiry: this.#after(this.#rules.inviteTtlMs, () => this.#expireInvite(invite)),
    }
    this.invites = [...this.invites, invite]
    const { id: sessionId, inviterName } = invite
    const expiresAt = invite.expiry.at
    const body = { sessionId, inviterUid, inviterName, type, inviterType, liveRoomId, expiresAt }
    this.#push(inviteeRoom ?? live, inviteeUid, 'CohostInvited', body)
    return { code: 200, sessionId: invite.id }
  }

  /** The inviter takes one invite back, or all of his in that room (`inviteeUid` null). */
  cancel(liveRoomId: string, inviterUid: string, inviteeUid: string | null): Verdict {
    const live = this.#living(liveRoomId)
    if (live === undefined) return { code: 2003 }
    const cancelled = this.invitesIn(live).filter(
      (one) => one.inviterUid === inviterUid && (inviteeUid ?? one.inviteeUid) === one.inviteeUid,
    )
    for (const invite of cancelled) {
      this.#drop(invite)
      this.#push(invite.inviteeRoom ?? live, invite.inviteeUid, 'InviteCancelled', partiesOf(invite))
    }
    return { code: cancelled.length > 0 ? 200 : 3404 }
  }

  refuse(liveRoomId: string, inviterUid: string, inviteeUid: string): Verdict {
    const live = this.#living(liveRoomId)
    if (live === undefined) return { code: 2003 }
    const invite = this.#newest(live, inviterUid, inviteeUid)
    if (invite === undefined) return { code: 3404 }
    this.#refuse(invite)
    return { code: 200 }
  }

  invitesIn(live: Life): readonly Invite[] {
    return this.invites.filter((one) => one.live === live)
  }

  #newest(live: Life, inviterUid: string, inviteeUid: string): Invite | undefined {
    return this.invitesIn(live).findLast((one) => one.inviterUid === inviterUid && one.inviteeUid === inviteeUid)
  }

  #drop(invite: Invite): void {
    this.#cancel(invite.expiry)
    this.invites = this.invites.filter((one) => one !== invite)
  }

  #refuse(invite: Invite): void {
    this.#drop(invite)
    const { id: sessionId, inviteeUid, inviteeName } = invite
    this.#push(invite.live, invite.inviterUid, 'CohostRefused', { sessionId, inviteeUid, inviteeName, status: 2 })
  }

  #expireInvite(invite: Invite): void {
    this.#drop(invite)
    this.#push(invite.live, invite.inviterUid, 'InviteExpired', partiesOf(invite))
    this.#push(invite.inviteeRoom ?? invite.live, invite.inviteeUid, 'InviteExpired', partiesOf(invite))
  }

  // The session.

  agree(liveRoomId: string, inviterUid: string, inviteeUid: string): Verdict {
    const live = this.#living(liveRoomId)
    if (live === undefined) return { code: 2003 }
    const running = live.session
    if (running !== undefined && running.phase !== 'stopping' && isBetween(running, inviterUid, inviteeUid)) {
      return { code: 200, cohost: this.#viewOf(running, inviteeUid) }
    }
    const invite = this.#newest(live, inviterUid, inviteeUid)
    if (invite === undefined) return { code: 3404 }
    const other = invite.inviteeRoom
    if (other?.status === 2) return { code: 2003 }
    if (live.session !== undefined || other?.session !== undefined) return { code: 3020 }
    const session = this.#agree(invite)
    return { code: 200, cohost: this.#viewOf(session, inviteeUid) }
  }

  #agree(invite: Invite): Session {
    const { id, live, inviterUid, inviterName, inviterType, inviteeUid, inviteeName, type } = invite
    const [uid, name] = inviterType === 1 ? [inviterUid, inviterName] : [inviteeUid, inviteeName]
    const other = invite.inviteeRoom ?? this.#begin(this.#rules.systemRoomId(id), uid, name, 1)
    const [inviterRoom, inviteeRoom] = inviterType === 1 ? [other, live] : [live, other]
    const inviter: Party = { uid: inviterUid, name: inviterName, room: inviterRoom, type: inviterRoom.type }
    const invitee: Party = { uid: inviteeUid, name: inviteeName, room: inviteeRoom, type: inviteeRoom.type }
    const session = newSession(id, type, inviter, invitee, this.now)
    this.mixes.push(...session.mixes)
    live.session = session
    other.session = session
    this.#drop(invite)
    const body = {
      sessionId: id,
      inviteeUid,
      inviteeName,
      inviteeRoomId: inviteeRoom.id,
      inviterRoomId: inviterRoom.id,
      inviteePlayUrl: this.#rules.media.shortDelayUrl(inviteeRoom.id),
      rtmpUrl: this.#rules.media.pushUrl(inviterRoom.id, this.now),
      type,
      status: 1,
      inviterType: inviter.type,
      inviteeType: invitee.type,
    }
    this.#push(live, inviterUid, 'CohostAgreed', body)
    for (const one of this.invites) {
      if (one.live !== live && one.live !== other) continue
      if (isCrossing(one, invite)) this.#drop(one)
      else this.#refuse(one)
    }
    this.#startIfReady(session)
    return session
  }

  #viewOf({ inviter, invitee, agreedAt }: Session, uid: string): object {
    const [own, other] = invitee.uid === uid ? [invitee, inviter] : [inviter, invitee]
    return {
      inviterPlayUrl: this.#rules.media.shortDelayUrl(other.room.id),
      inviterRoomId: other.room.id,
      inviteeRoomId: own.room.id,
      rtmpUrl: this.#rules.media.pushUrl(own.room.id, agreedAt),
    }
  }

  close(closeRoomId: string, notifiedRoomId: string): Verdict {
    const room = this.lives.get(closeRoomId)
    if (room === undefined) return { code: 2003 }
    const { session } = room
    if (session === undefined || room.status === 2) return { code: 200 }
    const other = otherOf(session, room)
    const isNamed = other.id === notifiedRoomId || (other.type === 1 && notifiedRoomId === closeRoomId)
    if (!isNamed) return { code: 3404 }
    this.#close(session, room, { endReason: 'request', actor: room.uid })
    return { code: 200 }
  }

  #close(session: Session, closing: Life, why: Why): void {
    if (session.phase === 'stopping') return
    const body = endedBy(session, closing)
    this.#pushToAll(session, 'CohostEnded', body, why)
    this.#stopAll(session)
    const finish = (): void => {
      if (session.isMixed) this.#pushToAll(session, 'MixEnded', body, why)
      this.#free(session)
    }
    session.phase = 'stopping'
    if (!session.isMixed) return finish()
    session.deadline = this.#after(this.#rules.mixTimeoutMs, finish)
  }

  #free(session: Session): void {
    session.phase = 'over'
    this.#cancel(session.deadline)
    for (const { room } of [session.inviter, session.invitee]) {
      room.session = undefined
      if (room.type === 1 && room.status !== 2) this.#bury(room)
    }
  }

  // The mix.

  /** The cloud answers a command; an answer to an older generation than the newest of that mix changes nothing. */
  answer(command: ReferenceCommand, code: number, reason: string, streams: readonly string[]): void {
    const { of: mix } = command
    const { session } = mix
    if (command.generation !== mix.generation) return
    if (command.type === 'StopMix') {
      if (mix.state !== 'stopping') return
      mix.state = 'stopped'
      if (session.phase === 'stopping' && session.mixes.every(({ state }) => state === 'stopped')) {
        const { deadline } = session
        this.#cancel(deadline)
        deadline?.run()
      }
    } else if (mix.state === 'starting') {
      if (code !== 200) return this.#fail(session, code, reason, 'mix-refused', 'cloud')
      mix.state = 'started'
      mix.streams = streams
      if (session.mixes.every(({ state }) => state === 'started')) this.#succeed(session)
    } else if (mix.state === 'restarting') {
      this.#cancel(mix.restart)
      mix.state = 'started'
      if (code === 200) mix.erring = false
      else if (mix.pause === undefined) this.#loseStream(mix.main)
    }
  }

  /** The cloud reports what is in the mix of these two rooms. */
  status(mainRoomId: string, mixRoomId: string, event: string, word: string): void {
    const mix = this.runningMix(mainRoomId, mixRoomId)
    if (mix === undefined) return
    const isStopping = mix.state === 'stopping'
    const body = {
      mainMixRoomId: mainRoomId,
      mixRoomId,
      mixType: 'channel',
      mixTemplate: 'side_by_side',
      event: event === 'MixResult' ? (isStopping ? 'EventMixStop' : 'EventMix') : event,
      message: word === 'Success' ? '' : `${word} happened`,
      code: statusCodes[word],
      reason: word,
    }
    for (const room of [mix.main, mix.mix]) this.#push(room, null, 'MixCommandStatus', body)
    const { session } = mix
    if (session.phase === 'over') return
    if (word === 'MainStreamNotExist') this.#loseStream(mix.main)
    if (session.phase !== 'mixed') return
    if (word === 'Success') mix.erring = false
    if (word === 'InternalError' && mix.state !== 'broken') {
      mix.erring = true
      if (mix.pause === undefined) this.#retry(mix)
    }
  }

  /** The mix to which the cloud's reports on these two rooms belong: from its first start until its stop is answered. */
  runningMix(mainRoomId: string, mixRoomId: string): Mix | undefined {
    return this.mixes.findLast(
      ({ main, mix: other, state }) =>
        main.id === mainRoomId && other.id === mixRoomId && state !== 'idle' && state !== 'stopped',
    )
  }

  #startIfReady(session: Session): void {
    const { phase, inviter, invitee } = session
    if (phase !== 'agreed' || !inviter.room.mixReady || !invitee.room.mixReady) return
    session.phase = 'starting'
    for (const mix of session.mixes) this.#start(mix, 'starting')
    session.deadline = this.#after(this.#rules.mixTimeoutMs, () =>
      this.#fail(session, 3000, 'the video cloud did not answer in time', 'mix-timeout', 'clock'),
    )
  }

  #succeed(session: Session): void {
    this.#cancel(session.deadline)
    session.phase = 'mixed'
    session.isMixed = true
    const urls = ({ room }: Party): readonly string[] =>
      session.mixes.flatMap((mix) => (mix.main === room ? mix.streams.map(this.#rules.media.streamUrl) : []))
    this.#pushToAll(session, 'MixSucceeded', {
      ...pairOf(session),
      inviterMixPlayUrls: urls(session.inviter),
      inviteeMixPlayUrls: urls(session.invitee),
    })
    for (const mix of session.mixes) if (!mix.main.mixReady) this.#break(mix)
  }

  #fail(session: Session, code: number, message: string, endReason: string, actor: string): void {
    this.#cancel(session.deadline)
    session.phase = 'agreed'
    session.hasFailed = true
    this.#pushToAll(session, 'MixFailed', { ...pairOf(session), code, message }, { endReason, actor })
    this.#stopAll(session)
  }

  #break(mix: Mix): void {
    this.#calm(mix)
    mix.state = 'broken'
  }

  #restart(mix: Mix): void {
    this.#start(mix, 'restarting')
    mix.restart = this.#after(this.#rules.mixTimeoutMs, () => this.#loseStream(mix.main))
  }

  #retry(mix: Mix): void {
    if (mix.retries === maxRetries) {
      return this.#close(mix.session, mix.main, { endReason: 'mix-internal-error', actor: 'cloud' })
    }
    this.#cancel(mix.restart)
    mix.retries += 1
    this.#start(mix, 'restarting')
    mix.pause = this.#after(this.#rules.mixTimeoutMs, () => {
      mix.pause = undefined
      if (mix.erring || mix.state === 'restarting') this.#retry(mix)
      else mix.retries = 0
    })
  }

  #calm(mix: Mix): void {
    this.#cancel(mix.restart)
    this.#cancel(mix.pause)
    mix.pause = undefined
    mix.erring = false
    mix.retries = 0
  }

  #start(mix: Mix, state: 'starting' | 'restarting'): void {
    mix.state = state
    mix.streams = []
    this.#command('StartMix', mix)
  }

  #stopAll(session: Session): void {
    for (const mix of session.mixes) {
      this.#calm(mix)
      if (mix.state === 'idle' || mix.state === 'stopping' || mix.state === 'stopped') continue
      mix.state = 'stopping'
      this.#command('StopMix', mix)
    }
    this.#cancel(session.deadline)
  }

  #command(type: ReferenceCommand['type'], mix: Mix): void {
    mix.generation += 1
    const deadline = this.now + this.#rules.mixTimeoutMs
    const { main, mix: other, generation, session } = mix
    const template = type === 'StartMix' ? session.type : undefined
    this.commands.push({ type, of: mix, main: main.id, mix: other.id, generation, deadline, template })
  }

  // Pushes and time.

  /** Lets time pass; what is due in it happens in the order of its time. */
  pass(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const due = [...this.#deadlines].filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)[0]
      if (due === undefined) break
      this.#deadlines.delete(due)
      this.now = due.at
      due.run()
    }
    this.now = end
  }

  #after(ms: number, run: () => void): Deadline {
    const deadline = { at: this.now + ms, run }
    this.#deadlines.add(deadline)
    return deadline
  }

  #cancel(deadline: Waiting): void {
    if (deadline !== undefined) this.#deadlines.delete(deadline)
  }

  /** 9, 10 and 17: to the broadcasters of the session, else to the room itself. */
  #announce(room: Life, type: 'StreamPublished' | 'StreamInterrupted' | 'MixAvailable'): void {
    const { id, uid, name, session } = room
    const body = type === 'MixAvailable' ? { readyRoomId: id, type: room.type } : { uid, name, streamRoomId: id }
    if (session === undefined) this.#push(room, null, type, body)
    else this.#pushToAll(session, type, body)
  }

  #pushToAll({ inviter, invitee }: Session, type: string, body: object, why?: Why): void {
    for (const { room } of [inviter, invitee]) this.#push(room, null, type, body, why)
  }

  /** Nothing is pushed to an ended room, nor to one that the system made. */
  #push(room: Life, to: string | null, type: string, body: object, why?: Why): void {
    if (room.status === 2 || room.type === 1) return
    const { endReason, actor } = why ?? { endReason: null, actor: null }
    this.pushes.push({ room: room.id, to, type, time: this.now, endReason, actor, body })
  }
}

const newSession = (id: string, type: string, inviter: Party, invitee: Party, agreedAt: number): Session => {
  const begun = { phase: 'agreed', hasFailed: false, isMixed: false, deadline: undefined } as const
  const session: Session = { id, type, inviter, invitee, agreedAt, mixes: [], ...begun }
  const sides = [
    { main: inviter.room, mix: invitee.room },
    { main: invitee.room, mix: inviter.room },
  ]
  const idle = { state: 'idle', generation: 0, streams: [], erring: false, retries: 0 } as const
  for (const side of sides) {
    if (side.main.type === 2) session.mixes.push({ session, ...side, ...idle, pause: undefined, restart: undefined })
  }
  return session
}

const otherOf = ({ inviter, invitee }: Session, room: Life): Life =>
  inviter.room === room ? invitee.room : inviter.room

const isBetween = ({ inviter, invitee }: Session, one: string, other: string): boolean =>
  (inviter.uid === one && invitee.uid === other) || (inviter.uid === other && invitee.uid === one)

/** The same two parties, the other way round: two broadcasters in their rooms, or one and a viewer in his. */
const isCrossing = (one: Invite, agreed: Invite): boolean => {
  if (one.inviterUid !== agreed.inviteeUid || one.inviteeUid !== agreed.inviterUid) return false
  return agreed.inviteeRoom === undefined
    ? one.live === agreed.live && one.inviteeRoom === undefined
    : one.live === agreed.inviteeRoom && one.inviteeRoom === agreed.live
}

const partiesOf = ({ id: sessionId, inviterUid, inviterName, inviteeUid, inviteeName, live }: Invite): object => ({
  sessionId,
  inviterUid,
  inviterName,
  inviteeUid,
  inviteeName,
  liveRoomId: live.id,
})

const pairOf = ({ id: sessionId, inviter, invitee }: Session): object => ({
  sessionId,
  inviterRoomId: inviter.room.id,
  inviteeRoomId: invitee.room.id,
  inviterUid: inviter.uid,
  inviterName: inviter.name,
  inviteeUid: invitee.uid,
  inviteeName: invitee.name,
  inviterType: inviter.type,
  inviteeType: invitee.type,
})

const endedBy = (session: Session, closing: Life): object => {
  const notified = otherOf(session, closing)
  return {
    sessionId: session.id,
    closingRoomId: closing.id,
    uid: closing.uid,
    name: closing.name,
    notifiedRoomId: notified.id,
    notifiedUid: notified.uid,
    notifiedName: notified.name,
  }
}
