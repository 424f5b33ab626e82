import { randomUUID } from 'node:crypto'
import { createAppServer } from '../support/app-server.ts'
import type { Answer } from '../support/app-server.ts'
import { joinRooms } from '../support/edge-client.ts'
import * as push from '../support/push-patterns.ts'
import { conversationOf, watch } from '../support/watcher.ts'
import type { Watcher } from '../support/watcher.ts'
import { createPrinter } from './printer.ts'
import { readTarget } from '../support/target.ts'

const template = 'side_by_side'

/** What each client has to receive, by name: groups one after the other, any order inside a group. */
type Expected = Readonly<Record<string, readonly (readonly push.PushPattern[])[]>>

const closers: Array<() => Promise<void>> = []

const done = (answer: Answer): Answer => {
  if (answer.code === 200) return answer
  throw new Error(`ingest answered ${answer.code} (status ${answer.status}): ${answer.message}`)
}

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

  const watchers = new Map<string, Watcher>()
  for (const [name, room] of [
    ['Alice', a],
    ['Bob', b],
    ['Carol', a],
  ] as const) {
    const client = await joinRooms({ url: target.edgeUrl, secret: target.tokenSecret, uid: uidOf(name), rooms: [room] })
    closers.push(() => client.close())
    printer.received(name, await client.waitForPush(104))
    watchers.set(name, watch(client, room))
  }

  /** Somebody does something; then everybody has to have exactly what follows from it. */
  const step = async (
    text: string,
    act: () => Promise<Answer>,
    expected: (answer: Answer) => Expected,
  ): Promise<void> => {
    printer.step(text)
    const answer = done(await act())
    const waits = Object.entries(expected(answer)).map(async ([name, groups]) => {
      const watcher = watchers.get(name)
      for (const group of groups) watcher?.expect(...group)
      return { name, messages: (await watcher?.arrived()) ?? [] }
    })
    for (const { name, messages } of await Promise.all(waits))
      for (const message of messages) printer.received(name, message)
  }
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

  await step(
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
  await step(
    'Bob agrees, and is told in the answer where to push',
    () => app.feedback({ inviterUid: alice.uid, inviteeUid: bob.uid, liveRoomId: a, status: 1 }),
    () => ({ Alice: [[push.agreed(session())]] }),
  )
  await step(
    'Alice’s stream starts',
    () => app.stream('publish', a),
    () => toAll([push.published(alice)]),
  )
  await step(
    'Bob’s stream starts',
    () => app.stream('publish', b),
    () => toAll([push.published(bob)]),
  )
  await step(
    'The cloud can mix Alice’s stream',
    () => app.available(a),
    () => toAll([push.mixAvailable(alice)]),
  )

  // When a picture changes is the cloud's affair: the two pictures come in any order, and before or after the 5.
  const pictures = (event: 'EventMix' | 'EventMixStop'): readonly push.PushPattern[] => [
    push.mixStatus({ main: a, mix: b, template, event }),
    push.mixStatus({ main: b, mix: a, template, event }),
  ]
  await step(
    'The cloud can mix Bob’s stream: both mixes are started',
    () => app.available(b),
    () => toAll([push.mixAvailable(bob)], [push.mixSucceeded(session()), ...pictures('EventMix')]),
  )
  await step(
    'Carol comments',
    () => app.comment({ roomId: a, ...carol, comment: 'what a duet!' }),
    () => toRoomA(push.commented(carol.uid, 'Carol', 'what a duet!')),
  )
  await step(
    'Carol likes it',
    () => app.like({ roomId: a, ...carol }),
    () => toRoomA(push.liked(carol.uid, 'Carol')),
  )
  await step(
    'Carol likes it three times more',
    () => app.like({ roomId: a, ...carol, count: 3 }),
    () => toRoomA(push.liked(carol.uid, 'Carol', 3)),
  )
  await step(
    'Alice closes the co-hosting: both mixes are stopped',
    () => app.close({ closeRoomId: a, notifiedRoomId: b }),
    () =>
      toAll([push.cohostEnded(sessionId, alice, bob)], pictures('EventMixStop'), [
        push.mixEnded(sessionId, alice, bob),
      ]),
  )
  // A comment is the last to be delivered: what somebody got too much has come before it.
  await step(
    'Bob comments in his own room',
    () => app.comment({ roomId: b, uid: bob.uid, name: 'Bob', comment: 'good night' }),
    () => toRoomB(push.commented(bob.uid, 'Bob', 'good night')),
  )
  await step(
    'Carol comments a last time',
    () => app.comment({ roomId: a, ...carol, comment: 'good night' }),
    () => toRoomA(push.commented(carol.uid, 'Carol', 'good night')),
  )
  await step(
    'Alice ends her live',
    () => app.leaveLive(a),
    () => toRoomA(push.liveEnded(a)),
  )
  await step(
    'Bob ends his live',
    () => app.leaveLive(b),
    () => toRoomB(push.liveEnded(b)),
  )

  process.stdout.write('\n')
  for (const [name, { client, problems }] of watchers) {
    await client.ping()
    const wrong = problems()
    if (wrong.length > 0) throw new Error(wrong.join('; '))
    const types = conversationOf(client).map(({ type }) => type)
    printer.success(`${name} received exactly what is due, ${types.length} messages: ${types.join(' ')}`)
  }
}

try {
  await play()
} catch (error) {
  process.stderr.write(`\n✗ ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  await Promise.all(closers.map((close) => close()))
}
