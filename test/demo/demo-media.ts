// Real pictures from end to end: two broadcasters push red and blue, ffmpeg mixes them, and the mix is looked at. Uses the system that
// runs in DATA_DIR when that was started with MIXER_ADAPTER=ffmpeg, else starts one of its own.
import { join } from 'node:path'
import { readDataDir } from '../../deploy/local/settings.ts'
import { createAppServer } from '../support/app-server.ts'
import { createCast } from './cast.ts'
import { createGallery } from './gallery.ts'
import { tellMediaStory } from './media-story.ts'
import { openMediaTarget } from './media-target.ts'
import { createPrinter } from './printer.ts'
import { createProgress } from './progress.ts'

/** A picture has to be encoded and played before its message comes. */
const arrivedWithinMs = 45_000

const closers: Array<() => Promise<void>> = []
const onClose = (close: () => Promise<void>): void => void closers.push(close)

const play = async (): Promise<void> => {
  const isTty = process.stdout.isTTY
  const progress = createProgress({ write: (text) => process.stdout.write(text), isTty })
  const write = (line: string): void => void process.stdout.write(`${line}\n`)
  const names = new Map<string, string>()
  const printer = createPrinter({ write, isTty, clients: ['Alice', 'Bob', 'Carol'], names })
  printer.title('Alice and Bob broadcast with real pictures, Carol watches Alice.')

  const opening = openMediaTarget(process.env, progress)
  // Also when it is interrupted meanwhile; one that failed has cleaned up behind itself.
  onClose(() =>
    opening.then(
      ({ stop }) => stop(),
      () => {},
    ),
  )
  const target = await opening
  const cast = createCast({ ...target, printer, progress, arrivedWithinMs })
  onClose(cast.close)
  const folder = join(readDataDir(process.env), 'demo-media')
  const gallery = createGallery({ folder, write, isTty, progress })
  try {
    await tellMediaStory({ app: createAppServer(target), cast, gallery, printer, progress, names, write, onClose })
  } catch (error) {
    // A picture that does not come may have been told of: what clients heard besides says why.
    const problems = cast.problems()
    if (problems.length === 0) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new Error([message, ...problems].join('\n  '), { cause: error })
  }
  write('')
  await cast.review()
  printer.success(`the pictures are in ${folder}`)
}

let closing: Promise<void> | undefined
/** Ends what was started, the last first; once. */
const closeAll = (): Promise<void> =>
  (closing ??= (async () => {
    for (const close of closers.toReversed()) await close()
  })())

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    process.stderr.write('\nstopping …\n')
    void closeAll().finally(() => process.exit(exitCode))
  })
}
try {
  await play()
} catch (error) {
  if (closing === undefined) {
    process.stderr.write(`\n✗ ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
} finally {
  await closeAll()
}
