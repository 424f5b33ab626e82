import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describePicture } from '../support/picture.ts'
import type { Picture } from '../support/picture.ts'
import { savePicture } from '../support/png.ts'
import { waitForPictures } from '../support/wait-for-media.ts'
import { drawPicture } from './half-blocks.ts'
import type { Progress } from './progress.ts'

/** Waits for pictures of streams, shows them and keeps them as files. */
export type Gallery = {
  /** Resolves when two pictures that follow each other are as they should be, and the second of them has been shown. */
  readonly show: (picture: {
    readonly name: string
    readonly url: string
    /** What there is to be seen, in words. */
    readonly what: string
    readonly isIt: (pictures: readonly Picture[]) => boolean
  }) => Promise<void>
}

const size = { width: 640, height: 360 }
const withinMs = 45_000

/** `folder`: for the files; `isTty`: pictures are drawn, else described. */
export const createGallery = ({
  folder,
  write,
  isTty,
  progress,
}: {
  readonly folder: string
  readonly write: (line: string) => void
  readonly isTty: boolean
  readonly progress: Progress
}): Gallery => ({
  show: async ({ name, url, what, isIt }) => {
    const waiting = waitForPictures({ url, what, isIt, size, deadlineMs: withinMs })
    const picture = (await progress.during(`the picture: ${what}`, waiting)).at(-1)
    if (picture === undefined) throw new Error('no picture came')
    await mkdir(folder, { recursive: true })
    const file = join(folder, `${name}.png`)
    await savePicture(picture, file)
    if (isTty) for (const line of drawPicture(picture)) write(`  ${line}`)
    else write(`  colours, row by row: ${describePicture(picture)}`)
    write(`  ✓ ${what} · ${file}`)
  },
})
