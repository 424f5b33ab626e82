import { randomUUID } from 'node:crypto'
import type { AppServer } from '../support/app-server.ts'
import { halvesOf, hasTones, showsHalf, showsMix, showsOne } from '../support/mixed-picture.ts'
import { differenceIn } from '../support/picture.ts'
import type { Area, ColourName, Picture } from '../support/picture.ts'
import * as push from '../support/push-patterns.ts'
import { startTestSource } from '../support/test-source.ts'
import type { TestSource } from '../support/test-source.ts'
import { toneStrength } from '../support/tones.ts'
import { waitForSound } from '../support/wait-for-media.ts'
import { done } from './cast.ts'
import type { Cast, Expected } from './cast.ts'
import type { Gallery } from './gallery.ts'
import type { Printer } from './printer.ts'
import type { Progress } from './progress.ts'

const template = 'side_by_side'
const tones = { red: 440, blue: 880 } as const
const halves = halvesOf[template]

const moves = ([first, second]: readonly Picture[], bar: Area): boolean =>
  first !== undefined && second !== undefined && differenceIn(bar, first, second) > 5
const isMixOf = (main: ColourName, other: ColourName) => (pictures: readonly Picture[]) =>
  pictures.every((one) => showsMix(one, { template, main, other })) &&
  moves(pictures, halves.main.bar) &&
  moves(pictures, halves.other.bar)
const isHalfOf = (main: ColourName) => (pictures: readonly Picture[]) =>
  pictures.every((one) => showsHalf(one, template, 'main', main) && showsHalf(one, template, 'other', 'black')) &&
  moves(pictures, halves.main.bar)
const isOnly = (colour: ColourName) => (pictures: readonly Picture[]) =>
  pictures.every((one) => showsOne(one, colour)) && moves(pictures, halves.main.bar)

/** What the story is told with. */
export type Telling = {
  readonly app: AppServer
  readonly cast: Cast
  readonly gallery: Gallery
  readonly printer: Printer
  readonly progress: Progress
  /** Filled with what is printed instead of ids. */
  readonly names: Map<string, string>
  readonly write: (line: string) => void
  /** Called with whatever has to be ended, as soon as it is there. */
  readonly onClose: (close: () => Promise<void>) => void
}

/** Throws when anybody gets anything else than what is due, or a picture does not become what it should. */
export const tellMediaStory = async ({
  app,
  cast,
  gallery,
  printer,
  progress,
  names,
  write,
  onClose,
}: Telling): Promise<void> => {
  const run = randomUUID().slice(0, 8)
  const uidOf = (name: string): string => `${name.toLowerCase()}-${run}`
  for (const name of ['Alice', 'Bob', 'Carol']) names.set(uidOf(name), name.toLowerCase())

  printer.step('Alice and Bob each create a live, all three subscribe')
  const liveA = await app.createLive({ uid: uidOf('Alice'), name: 'Alice', desc: 'demo' })
  const liveB = await app.createLive({ uid: uidOf('Bob'), name: 'Bob' })
  const [a, b] = [liveA.roomId, liveB.roomId]
  names.set(a, 'room-A').set(b, 'room-B')
  const alice: push.Party = { uid: uidOf('Alice'), name: 'Alice', roomId: a, type: 2 }
  const bob: push.Party = { uid: uidOf('Bob'), name: 'Bob', roomId: b, type: 2 }
  done(await app.play({ roomId: a, uid: uidOf('Carol'), name: 'Carol' }))
  await cast.join('Alice', alice.uid, a)
  await cast.join('Bob', bob.uid, b)
  await cast.join('Carol', uidOf('Carol'), a)

  const toAll = (...groups: readonly (readonly push.PushPattern[])[]): Expected => ({
    Alice: groups,
    Bob: groups,
    Carol: groups,
  })
  /** What is said of each room's mix, or of Alice's and of Bob's. */
  const said = (event: 'EventMix' | 'EventMixStop', ofA = 'Success', ofB = ofA): readonly push.PushPattern[] => {
    const of = (main: string, mix: string, reason: string): push.PushPattern =>
      reason === 'Success'
        ? push.mixStatus({ main, mix, template, event })
        : push.mixStatus({ main, mix, template, event, code: 3404, message: /./, reason })
    return [of(a, b, ofA), of(b, a, ofB)]
  }
  const source = (url: string, colour: 'red' | 'blue'): TestSource => {
    const started = startTestSource({ url, colour, toneHz: tones[colour], size: { width: 640, height: 360 } })
    onClose(started.kill)
    void started.ended.then(
      ({ wasAsked, how, said }) => wasAsked || write(`  the ${colour} encoder ended: ${how} ${said}`),
    )
    return started
  }
  const sources: { alice?: TestSource; bob?: TestSource } = {}
  let session: push.SessionFacts | undefined
  const agreedSession = (): push.SessionFacts => {
    if (session === undefined) throw new Error('nobody has been invited')
    return session
  }

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
    ({ data }) => {
      const sessionId = String(data['sessionId'])
      names.set(sessionId, 'session-1')
      const media = { ...push.mediaOf(liveA), mixEndings: ['_mix'] }
      session = { sessionId, inviter: alice, invitee: bob, template, media }
      return { Bob: [[push.invited(session, a)]] }
    },
  )
  await cast.step(
    'Bob agrees',
    () => app.feedback({ inviterUid: alice.uid, inviteeUid: bob.uid, liveRoomId: a, status: 1 }),
    () => ({ Alice: [[push.agreed(agreedSession())]] }),
  )
  await cast.step(
    `Alice’s encoder starts to push: red, with a tone of ${tones.red} Hz`,
    async () => void (sources.alice = source(liveA.rtmpUrl, 'red')),
    () => toAll([push.published(alice)], [push.mixAvailable(alice)]),
  )
  write(`  to watch yourself: ${liveA.m3u8PlayUrl}`)
  await gallery.show({ name: '1-alice', url: liveA.m3u8PlayUrl, what: 'Alice alone', isIt: isOnly('red') })
  await cast.step(
    `Bob’s encoder starts to push: blue, with a tone of ${tones.blue} Hz; both mixes are started`,
    async () => void (sources.bob = source(liveB.rtmpUrl, 'blue')),
    () =>
      toAll([push.published(bob)], [push.mixAvailable(bob)], [push.mixSucceeded(agreedSession()), ...said('EventMix')]),
  )
  await gallery.show({
    name: '2-mix-in-alices-room',
    url: liveA.m3u8PlayUrl,
    what: 'the same address now shows Alice and Bob',
    isIt: isMixOf('red', 'blue'),
  })
  await gallery.show({
    name: '3-mix-in-bobs-room',
    url: liveB.m3u8PlayUrl,
    what: 'and in Bob’s room Bob and Alice',
    isIt: isMixOf('blue', 'red'),
  })
  const sound = await progress.during(
    'the sound',
    waitForSound({
      url: liveA.rtmpPlayUrl,
      what: 'both tones',
      isIt: (heard) => hasTones(heard, tones.red, tones.blue),
      describe: (heard) =>
        Object.values(tones)
          .map((toneHz) => toneStrength(heard, toneHz).toFixed(3))
          .join(', '),
    }),
  )
  const heard = Object.values(tones).map((toneHz) => `${toneHz} Hz at ${toneStrength(sound, toneHz).toFixed(3)}`)
  write(`  ✓ and both are heard: ${heard.join(', ')}`)

  await cast.step(
    'Bob’s encoder is killed',
    async () => sources.bob?.kill(),
    () => toAll([push.interrupted(bob), ...said('EventMix', 'MixStreamNotExist', 'MainStreamNotExist')]),
  )
  await gallery.show({
    name: '4-bob-is-cut',
    url: liveA.m3u8PlayUrl,
    what: 'Alice goes on, beside a black half',
    isIt: isHalfOf('red'),
  })
  await cast.step(
    'Bob pushes again',
    async () => void (sources.bob = source(liveB.rtmpUrl, 'blue')),
    () => toAll([push.published(bob)], [push.mixAvailable(bob), ...said('EventMix')]),
  )
  await gallery.show({
    name: '5-bob-is-back',
    url: liveA.m3u8PlayUrl,
    what: 'both are back, in a stream that never ended',
    isIt: isMixOf('red', 'blue'),
  })
  await cast.step(
    'Alice closes the co-hosting',
    () => app.close({ closeRoomId: a, notifiedRoomId: b }),
    () => {
      const { sessionId } = agreedSession()
      return toAll([push.cohostEnded(sessionId, alice, bob)], said('EventMixStop'), [
        push.mixEnded(sessionId, alice, bob),
      ])
    },
  )
  await gallery.show({ name: '6-alice-again', url: liveA.m3u8PlayUrl, what: 'Alice alone again', isIt: isOnly('red') })
  await cast.step(
    'Both stop their encoders',
    async () => void (await Promise.all([sources.alice?.stop(), sources.bob?.stop()])),
    () => ({ Alice: [[push.interrupted(alice)]], Bob: [[push.interrupted(bob)]], Carol: [[push.interrupted(alice)]] }),
  )
  await cast.step(
    'Alice ends her live',
    () => app.leaveLive(a),
    () => ({ Alice: [[push.liveEnded(a)]], Carol: [[push.liveEnded(a)]] }),
  )
  await cast.step(
    'Bob ends his live',
    () => app.leaveLive(b),
    () => ({ Bob: [[push.liveEnded(b)]] }),
  )
}
