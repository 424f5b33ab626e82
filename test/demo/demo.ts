import { randomUUID } from 'node:crypto'
import { createAppServer } from '../support/app-server.ts'
import type { Answer } from '../support/app-server.ts'
import * as push from '../support/push-patterns.ts'
import { readTarget } from '../support/target.ts'
import { createCast, done } from './cast.ts'
import type { Expected } from './cast.ts'
import { createPrinter } from './printer.ts'

const template = 'side_by_side'

const closers: Array<() => Promise<void>> = []

/** One evening: two broadcasters who co-host, and somebody who watches. Throws when anybody gets anything else. */
const play = async (): Promise<void> => {
  const target = await readTarget(process.env)
  const app = createAppServer(target)
  const names = new Map<string, string>()
  const printer = createPrinter({
    write: (line) => process.stdout.write(`${line}\n`),
    isTty: process.stdout.isTTY,
    clients: ['Alice', 'Bob', 'Carol'],
    names,
  })
  printer.title('Alice and Bob broadcast, Carol watches Alice. This is what each of them receives.')

  // Own user ids for each run, so that runs do not meet.
  const run = randomUUID().slice(0, 8)
  const uidOf = (name: string): string => `${name.toLowerCase()}-${run}`
  for (const name of ['Alice', 'Bob', 'Carol']) names.set(uidOf(name), name.toLowerCase())

  printer.step('Alice and Bob each create a live, all three subscribe')
  const liveA = await app.createLive({ uid: uidOf('Alice'), name: 'Alice', desc: 'demo' })
  const liveB = await app.createLive({ uid: uidOf('Bob'), name: 'Bob' })
  const a = liveA.roomId
  const b = liveB.roomId
  names.set(a, 'room-A').set(b, 'room-B')
  const alice: push.Party = { uid: uidOf('Alice'), name: 'Alice', roomId: a, type: 2 }
  const bob: push.Party = { uid: uidOf('Bob'), name: 'Bob', roomId: b, type: 2 }
  const carol = { uid: uidOf('Carol'), name: 'Carol' }
  done(await app.play({ roomId: a, ...carol }))

  // Nothing takes long enough here to be shown as under way.
  const cast = createCast({ ...target, printer, progress: { during: (_, work) => work } })
  closers.push(cast.close)
  await cast.join('Alice', alice.uid, a)
  await cast.join('Bob', bob.uid, b)
  await cast.join('Carol', carol.uid, a)

  const toAll = (...groups: readonly (readonly push.PushPattern[])[]): Expected => ({
    Alice: groups,
    Bob: groups,
    Carol: groups,
  })
  const toRoomA = (...patterns: readonly push.PushPattern[]): Expected => ({ Alice: [patterns], Carol: [patterns] })
  const toRoomB = (...patterns: readonly push.PushPattern[]): Expected => ({ Bob: [patterns] })

  const session = (answer?: Answer): push.SessionFacts => {
    if (answer !== undefined) sessionId = String(answer.data['sessionId'])
    return { sessionId, inviter: alice, invitee: bob, template, media: push.mediaOf(liveA) }
  }
  let sessionId = ''

  await cast.step(
    'Alice invites Bob',
    () =>
      app.invite({
        inviterUid: alice.uid,
        inviterName: 'Alice',
        inviteeUid: bob.uid,
        inviteeName: 'Bob',
        liveRoomId: a,
        inviteeRoomId: b,
        type: template,
        inviterType: 2,
      }),
    (answer) => ({ Bob: [[push.invited(session(answer), a)]] }),
  )
  names.set(sessionId, 'session-1')
  await cast.step(
    'Bob agrees, and is told in the answer where to push',
    () => app.feedback({ inviterUid: alice.uid, inviteeUid: bob.uid, liveRoomId: a, status: 1 }),
    () => ({ Alice: [[push.agreed(session())]] }),
  )
  await cast.step(
    'Alice’s stream starts',
    () => app.stream('publish', a),
    () => toAll([push.published(alice)]),
  )
  await cast.step(
    'Bob’s stream starts',
    () => app.stream('publish', b),
    () => toAll([push.published(bob)]),
  )
  await cast.step(
    'The cloud can mix Alice’s stream',
    () => app.available(a),
    () => toAll([push.mixAvailable(alice)]),
  )

  // When a picture changes is the cloud's affair: the two pictures come in any order, and before or after the 5.
  const pictures = (event: 'EventMix' | 'EventMixStop'): readonly push.PushPattern[] => [
    push.mixStatus({ main: a, mix: b, template, event }),
    push.mixStatus({ main: b, mix: a, template, event }),
  ]
  await cast.step(
    'The cloud can mix Bob’s stream: both mixes are started',
    () => app.available(b),
    () => toAll([push.mixAvailable(bob)], [push.mixSucceeded(session()), ...pictures('EventMix')]),
  )
  await cast.step(
    'Carol comments',
    () => app.comment({ roomId: a, ...carol, comment: 'what a duet!' }),
    () => toRoomA(push.commented(carol.uid, 'Carol', 'what a duet!')),
  )
  await cast.step(
    'Carol likes it',
    () => app.like({ roomId: a, ...carol }),
    () => toRoomA(push.liked(carol.uid, 'Carol')),
  )
  await cast.step(
    'Carol likes it three times more',
    () => app.like({ roomId: a, ...carol, count: 3 }),
    () => toRoomA(push.liked(carol.uid, 'Carol', 3)),
  )
  await cast.step(
    'Alice closes the co-hosting: both mixes are stopped',
    () => app.close({ closeRoomId: a, notifiedRoomId: b }),
    () =>
      toAll([push.cohostEnded(sessionId, alice, bob)], pictures('EventMixStop'), [
        push.mixEnded(sessionId, alice, bob),
      ]),
  )
  // A comment is the last to be delivered: what somebody got too much has come before it.
  await cast.step(
    'Bob comments in his own room',
    () => app.comment({ roomId: b, uid: bob.uid, name: 'Bob', comment: 'good night' }),
    () => toRoomB(push.commented(bob.uid, 'Bob', 'good night')),
  )
  await cast.step(
    'Carol comments a last time',
    () => app.comment({ roomId: a, ...carol, comment: 'good night' }),
    () => toRoomA(push.commented(carol.uid, 'Carol', 'good night')),
  )
  await cast.step(
    'Alice ends her live',
    () => app.leaveLive(a),
    () => toRoomA(push.liveEnded(a)),
  )
  await cast.step(
    'Bob ends his live',
    () => app.leaveLive(b),
    () => toRoomB(push.liveEnded(b)),
  )

  process.stdout.write('\n')
  await cast.review()
}

try {
  await play()
} catch (error) {
  process.stderr.write(`\n✗ ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  await Promise.all(closers.map((close) => close()))
}
