// deadline: 300 s
// runs alone: it encodes video, and waits for pictures
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findMissingMediaTools } from '../../deploy/local/media-tools.ts'
import { createOwner } from '../../deploy/local/owner.ts'
import { markVariable } from '../../services/mixer/adapters/ffmpeg.ts'
import type { MixCloud } from '../../services/mixer/domain/cloud.ts'
import { startOf, stopOf, testMixCloud } from '../contract/mix-cloud.ts'
import { barArea } from '../support/test-source.ts'
import { colourAt, colours, differenceIn, isNear } from '../support/picture.ts'
import type { Area, ColourName, Picture, Place } from '../support/picture.ts'
import { toneStrength } from '../support/tones.ts'
import { until } from '../support/until.ts'
import { waitForPicture, waitForPictures, waitForSound } from '../support/wait-for-media.ts'
import { findProcesses, startMixStage } from './mixer-ffmpeg.stage.ts'
import type { MixStage, TestMixes } from './mixer-ffmpeg.stage.ts'

const missing = await findMissingMediaTools()
const options = { skip: missing.length > 0 && `not installed: ${missing.join(', ')}` }
const signal = (): AbortSignal => AbortSignal.timeout(20_000)

const left: Place = { x: 0.25, y: 0.4 }
const right: Place = { x: 0.75, y: 0.4 }
const inset: Place = { x: 0.85, y: 0.8 }

const shows = (picture: Picture, place: Place, colour: ColourName): boolean =>
  isNear(colourAt(picture, place), colours[colour])

/** The bars of both streams in side_by_side: where something moves while a stream lives. */
const leftBar: Area = { ...barArea, width: 0.5 }
const rightBar: Area = { ...leftBar, x: 0.5 }
const moves = (area: Area, [one, other]: readonly Picture[]): boolean =>
  one !== undefined && other !== undefined && differenceIn(area, one, other) > 5

let stage: MixStage

/** Rooms of the tests below push all the time, unless a test has a room of its own. */
before(async () => {
  if (missing.length > 0) return
  stage = await startMixStage()
  await stage.push('roomA', { colour: 'red', toneHz: 440 })
  await stage.push('roomB', { colour: 'blue', toneHz: 880 })
})
after(() => stage?.close())

const untilTold = (mixes: TestMixes, expected: readonly string[]): Promise<void> =>
  until(
    `told ${expected.join(', ')}; it was ${mixes.codes().join(', ')}`,
    () => mixes.codes().length >= expected.length,
  ).finally(() => assert.deepEqual(mixes.codes(), expected))

const encoderOf = async (folder: string): Promise<number> => {
  const encoder = (await findProcesses(folder)).find(({ args }) => args.includes('libx264'))
  assert.ok(encoder !== undefined)
  return encoder.pid
}

if (missing.length === 0)
  testMixCloud({
    name: 'ffmpeg',
    open: async ({ refusing }) => {
      const { mixes, close } = await stage.openMixes()
      const cloud: MixCloud =
        refusing === undefined
          ? mixes
          : { ...mixes, startMix: (command, within) => mixes.startMix({ ...command, mixTemplate: 'mosaic' }, within) }
      return { cloud, close }
    },
  })

test(
  'a mix side by side has the main stream on the left, the other on the right, and the sound of both',
  options,
  async () => {
    const opened = await stage.openMixes()
    const answer = await opened.mixes.startMix(startOf('roomA', 'roomB'), signal())
    assert.deepEqual(answer, { accepted: true, streamNames: ['roomA_mix'] })
    await untilTold(opened, ['EventMix Success'])
    const url = stage.server.mixUrl('roomA_mix')
    await waitForPicture({
      url,
      what: 'red on the left, blue on the right',
      isIt: (picture) => shows(picture, left, 'red') && shows(picture, right, 'blue'),
    })
    await waitForPictures({ url, what: 'both live', isIt: (two) => moves(leftBar, two) && moves(rightBar, two) })
    await waitForSound({
      url,
      what: 'both tones, and no third',
      isIt: (sound) =>
        toneStrength(sound, 440) > 0.03 && toneStrength(sound, 880) > 0.03 && toneStrength(sound, 660) < 0.01,
      describe: (sound) => [440, 880, 660].map((hz) => toneStrength(sound, hz).toFixed(3)).join(' '),
    })
    const stopped = await opened.mixes.stopMix(stopOf('roomA', 'roomB'), signal())
    assert.ok(stopped.accepted)
    assert.deepEqual(opened.codes(), ['EventMix Success', 'EventMixStop Success'])
    assert.deepEqual(await findProcesses(opened.folder), [])
    await opened.close()
  },
)

test('a mix picture in picture has the other stream at the bottom right of the main one', options, async () => {
  const opened = await stage.openMixes()
  await opened.mixes.startMix({ ...startOf('roomA', 'roomB'), mixTemplate: 'picture_in_picture' }, signal())
  await waitForPicture({
    url: stage.server.mixUrl('roomA_mix'),
    what: 'blue in red',
    isIt: (picture) => shows(picture, inset, 'blue') && shows(picture, right, 'red') && shows(picture, left, 'red'),
  })
  await opened.close()
})

test('a stream without sound is mixed, too', options, async () => {
  const silent = await stage.pushSilently('roomS')
  const opened = await stage.openMixes()
  await opened.mixes.startMix(startOf('roomA', 'roomS'), signal())
  await untilTold(opened, ['EventMix Success'])
  await waitForSound({
    url: stage.server.mixUrl('roomA_mix'),
    what: 'the tone of the other one',
    isIt: (sound) => toneStrength(sound, 440) > 0.03,
    describe: (sound) => String(toneStrength(sound, 440)),
  })
  await opened.close()
  await silent()
})

test(
  'the other stream breaks and comes back: its half goes black, the main one goes on, the publish never ends',
  options,
  async () => {
    const broken = await stage.push('roomC', { colour: 'green', toneHz: 660 })
    const opened = await stage.openMixes()
    await opened.mixes.startMix(startOf('roomA', 'roomC'), signal())
    await untilTold(opened, ['EventMix Success'])
    const url = stage.server.mixUrl('roomA_mix')
    const viewer = stage.watch(url)

    await broken.kill()
    await untilTold(opened, ['EventMix Success', 'EventMix MixStreamNotExist'])
    await waitForPictures({
      url,
      what: 'the left half lives, the right one is black',
      isIt: (two) => moves(leftBar, two) && !moves(rightBar, two) && two.every((one) => shows(one, right, 'black')),
    })

    await stage.push('roomC', { colour: 'yellow', toneHz: 660 })
    await untilTold(opened, ['EventMix Success', 'EventMix MixStreamNotExist', 'EventMix Success'])
    await waitForPictures({
      url,
      what: 'both live, the right half has its new colour',
      isIt: (two) => moves(leftBar, two) && moves(rightBar, two) && two.every((one) => shows(one, right, 'yellow')),
    })
    assert.ok(viewer.isRunning(), 'who watched from the beginning still does')
    assert.equal(opened.encoders(), 1)
    await opened.close()
    await until('the viewer sees the end', () => !viewer.isRunning())
  },
)

test('the main stream breaks and comes back: only a new start makes it a success again', options, async () => {
  const broken = await stage.push('roomD', { colour: 'green', toneHz: 660 })
  const opened = await stage.openMixes()
  const url = stage.server.mixUrl('roomD_mix')
  await opened.mixes.startMix(startOf('roomD', 'roomB'), signal())
  await untilTold(opened, ['EventMix Success'])

  await broken.stop()
  await untilTold(opened, ['EventMix Success', 'EventMix MainStreamNotExist'])
  const refused = await opened.mixes.startMix(startOf('roomD', 'roomB', 3), signal())
  assert.ok(!refused.accepted)
  assert.equal(refused.error, 'NoSuchStream')
  await waitForPicture({
    url,
    what: 'black on the left, the other goes on',
    isIt: (picture) => shows(picture, left, 'black') && shows(picture, right, 'blue'),
  })

  await stage.push('roomD', { colour: 'yellow', toneHz: 660 })
  await waitForPicture({ url, what: 'yellow on the left', isIt: (picture) => shows(picture, left, 'yellow') })
  assert.deepEqual(opened.codes(), ['EventMix Success', 'EventMix MainStreamNotExist'])
  assert.ok((await opened.mixes.startMix(startOf('roomD', 'roomB', 4), signal())).accepted)
  await untilTold(opened, ['EventMix Success', 'EventMix MainStreamNotExist', 'EventMix Success'])
  assert.equal(opened.encoders(), 1)
  await opened.close()
})

test('a reader that is killed is replaced, and nobody is told', options, async () => {
  const opened = await stage.openMixes()
  await opened.mixes.startMix(startOf('roomA', 'roomB'), signal())
  await untilTold(opened, ['EventMix Success'])
  const readers = async (): Promise<readonly number[]> =>
    (await findProcesses(opened.folder)).filter(({ args }) => args.includes('/roomB ')).map(({ pid }) => pid)
  const [reader = 0] = await readers()
  process.kill(reader, 'SIGKILL')
  await until('another reader runs', async () => (await readers()).some((pid) => pid !== reader))
  await waitForPictures({
    url: stage.server.mixUrl('roomA_mix'),
    what: 'both live',
    isIt: (two) => moves(leftBar, two) && moves(rightBar, two),
  })
  assert.deepEqual(opened.codes(), ['EventMix Success'])
  await opened.close()
})

test(
  'an encoder that is killed is reported, nothing stays behind, and the mix can be started again',
  options,
  async () => {
    const opened = await stage.openMixes()
    await opened.mixes.startMix(startOf('roomA', 'roomB'), signal())
    await untilTold(opened, ['EventMix Success'])
    process.kill(await encoderOf(opened.folder), 'SIGKILL')
    await untilTold(opened, ['EventMix Success', 'EventMix InternalError'])
    assert.deepEqual(await findProcesses(opened.folder), [])
    await opened.mixes.startMix(startOf('roomA', 'roomB', 2), signal())
    await untilTold(opened, ['EventMix Success', 'EventMix InternalError', 'EventMix Success'])
    await opened.close()
  },
)

test('an encoder that hangs is given up and ended', options, async () => {
  const opened = await stage.openMixes()
  await opened.mixes.startMix(startOf('roomA', 'roomB'), signal())
  await untilTold(opened, ['EventMix Success'])
  process.kill(await encoderOf(opened.folder), 'SIGSTOP')
  await untilTold(opened, ['EventMix Success', 'EventMix InternalError'])
  assert.deepEqual(await findProcesses(opened.folder), [])
  await opened.close()
})

test('processes that may have too little memory end the mix, they do not hang', options, async () => {
  const opened = await stage.openMixes({ maxMemoryBytes: 200 * 2 ** 20 })
  await opened.mixes.startMix(startOf('roomA', 'roomB'), signal())
  await untilTold(opened, ['EventMix InternalError'])
  assert.deepEqual(await findProcesses(opened.folder), [])
  await opened.close()
})

test(
  'a mixer that is killed takes its processes along, but for a stopped one, which the next mixer ends',
  options,
  async () => {
    const folder = await stage.newFolder()
    const program = join(import.meta.dirname, 'mixer-ffmpeg.program.ts')
    const mixer = spawn(process.execPath, [program, JSON.stringify({ ...stage.addresses, folder }), 'roomA', 'roomB'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const owner = createOwner()
    owner.add(mixer.pid ?? 0)
    const said: string[] = []
    mixer.stdout.on('data', (chunk: Buffer) => said.push(String(chunk)))
    await until('the picture is whole', () => said.join('').includes('EventMix Success'))
    const processes = await findProcesses(folder)
    assert.equal(processes.length, 3)
    const stopped = processes.find(({ args }) => args.includes('/roomB '))?.pid ?? 0
    owner.add(stopped)
    process.kill(stopped, 'SIGSTOP')
    mixer.kill('SIGKILL')
    await once(mixer, 'exit')
    await until('only the stopped one is left', async () => {
      const rest = await findProcesses(folder)
      return rest.length === 1 && rest[0]?.pid === stopped
    })

    const stranger = spawn('sleep', ['60'], { env: { PATH: process.env['PATH'], [markVariable]: `${folder}2` } })
    owner.add(stranger.pid ?? 0)
    const next = await stage.openMixes({ folder })
    assert.deepEqual(await findProcesses(folder), [])
    assert.equal(stranger.exitCode ?? stranger.signalCode, null)
    stranger.kill()
    await untilTold(next, ['EventMix InternalError'])
    assert.deepEqual(
      next.told.map(({ roomId, mixRoomId, mixTemplate }) => [roomId, mixRoomId, mixTemplate]),
      [['roomA', 'roomB', 'side_by_side']],
    )
    await next.close()
    assert.deepEqual(JSON.parse(await readFile(join(folder, 'mixes.json'), 'utf8')), [])
    owner.release()
  },
)

// The last one: a server that has hung has forgotten its sources afterwards.
test('a media server that hangs is a failure of the mix, which ends', options, async () => {
  const opened = await stage.openMixes()
  await opened.mixes.startMix(startOf('roomA', 'roomB'), signal())
  await untilTold(opened, ['EventMix Success'])
  process.kill(stage.server.pid(), 'SIGSTOP')
  try {
    await until('the mix is given up', () => opened.codes().includes('EventMix InternalError'), 30_000)
    assert.deepEqual(await findProcesses(opened.folder), [])
  } finally {
    process.kill(stage.server.pid(), 'SIGCONT')
  }
  await opened.close()
})
