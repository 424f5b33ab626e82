import { spawn } from 'node:child_process'
import { createOwner, type Owner } from '../../deploy/local/owner.ts'
import { createTail, quiet } from './ffmpeg.ts'
import type { ColourName } from './picture.ts'

export type Size = { readonly width: number; readonly height: number }

/** What a test source shows and plays. */
export type TestSignal = {
  readonly colour: ColourName
  readonly toneHz: number
  readonly size?: Size
  readonly frameRate?: number
}

/** A broadcaster's encoder: an ffmpeg process that pushes by RTMP until it is stopped. */
export type TestSource = {
  readonly pid: number
  /** Resolves when it has ended, to how, what it said, and whether one of these functions asked for it. */
  readonly ended: Promise<{ readonly how: string; readonly said: string; readonly wasAsked: boolean }>
  readonly isRunning: () => boolean
  /** Says goodbye to the server and ends. */
  readonly stop: () => Promise<void>
  /** Ends without a word. */
  readonly kill: () => Promise<void>
  /** Goes on being connected, and sends nothing. */
  readonly pause: () => void
  readonly resume: () => void
}

/** Where in a source's picture its bars move; everything above has the plain colour. */
export const barArea = { x: 0, y: 0.84, width: 1, height: 0.15 } as const

const barSeconds = 4
const stopWithinMs = 5_000

/**
 * A plain colour, two white bars that go along its lower edge (so that a frozen picture can be told from one that lives; one of them is
 * in sight also when only a half of the picture is), and a tone. Every second a key frame; nothing is held back.
 */
const encodingArgs = ({
  colour,
  toneHz,
  size: { width, height } = { width: 320, height: 180 },
  frameRate = 15,
}: TestSignal): readonly string[] => {
  const barWidth = Math.round(width / 8)
  const barHeight = Math.round(height * barArea.height)
  const plain = `color=c=${colour}:s=${width}x${height}:r=${frameRate}`
  const bar = `color=c=white:s=${barWidth}x${barHeight}:r=${frameRate}`
  const moving = (from: number): string => `overlay=x='mod(t/${barSeconds}+${from},1)*${width}':y=${height - barHeight}`
  const bars = `[bar]split[one][other];[plain][one]${moving(0)}[half];[half][other]${moving(0.5)}`
  const inputs = [`${plain}[plain];${bar}[bar];${bars}`, `sine=frequency=${toneHz}:sample_rate=44100`].flatMap(
    (source) => ['-re', '-f', 'lavfi', '-i', source],
  )
  const picture = '-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -threads 1 -b:v 400k -g'
  const sound = '-c:a aac -b:a 64k -f flv'
  return [...inputs, ...picture.split(' '), String(frameRate), ...sound.split(' ')]
}

/** Starts to push to `url`; the process ends with this one, even when this one is killed, or with `owner`'s. */
export const startTestSource = ({
  url,
  owner = createOwner(),
  ...signal
}: TestSignal & { readonly url: string; readonly owner?: Owner }): TestSource => {
  const child = spawn('ffmpeg', [...quiet, ...encodingArgs(signal), url], { stdio: ['ignore', 'ignore', 'pipe'] })
  const { pid } = child
  const said = createTail()
  child.stderr.on('data', said.add)
  let wasAsked = false
  const ended: TestSource['ended'] = new Promise((resolve) => {
    child.once('error', ({ message: how }) => resolve({ how, said: '', wasAsked }))
    child.once('close', (code, name) =>
      resolve({ how: name === null ? `exit code ${code}` : `signal ${name}`, said: said.text(), wasAsked }),
    )
  })
  if (pid === undefined) throw new Error('ffmpeg could not be started')
  owner.add(pid)
  const end = async (signalName: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    wasAsked = true
    child.kill(signalName)
    // One that is paused hears SIGTERM when it goes on.
    child.kill('SIGCONT')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
    await ended
    clearTimeout(timer)
  }
  return {
    pid,
    ended,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  }
}
