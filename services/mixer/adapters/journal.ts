import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ZodType } from 'zod'
import type { Log } from '../../shared/log.ts'

/** One value in a file, for the next process to go on from. */
export type Journal<T> = {
  /** What was written last; undefined when there is nothing, or nothing that can be read (a warning tells which). */
  readonly read: () => Promise<T | undefined>
  /** Replaces the value soon. Of values that come while one is being written only the newest is kept. */
  readonly write: (value: T) => void
  /** Resolves when the newest value is in the file, or a warning has said why not. Writes after it are dropped. */
  readonly close: () => Promise<void>
}

const retryMs = 1_000

/**
 * A journal as JSON in `file`, readable by its owner only. Written beside it, flushed to the disk and renamed: after a crash at
 * any moment the file holds a whole value, the newest or the one before. A write that fails is tried again every second.
 */
export const createJournal = <T>({
  file,
  schema,
  log,
}: {
  readonly file: string
  readonly schema: ZodType<T>
  readonly log: Log
}): Journal<T> => {
  // Boxed, so that any value of T can be told from none.
  let pending: { readonly value: T } | undefined
  let writing: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined
  let isClosed = false

  const replace = async (value: T): Promise<void> => {
    const beside = `${file}.tmp`
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const handle = await open(beside, 'w', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(value)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
  }

  const writePending = async (): Promise<void> => {
    while (pending !== undefined) {
      const taken = pending
      pending = undefined
      try {
        await replace(taken.value)
      } catch (error) {
        log.warn({ file, err: error }, 'cannot write the journal')
        pending ??= taken
        if (!isClosed) retry = setTimeout(start, retryMs)
        break
      }
    }
    writing = undefined
  }

  const start = (): void => {
    clearTimeout(retry)
    retry = undefined
    if (pending !== undefined) writing ??= writePending()
  }

  return {
    read: async () => {
      const text = await readText(file)
      if (text === undefined) return undefined
      const parsed = schema.safeParse(parseJson(text))
      if (parsed.success) return parsed.data
      log.warn({ file }, 'the journal cannot be read: going on without it')
      return undefined
    },
    write: (value) => {
      if (isClosed) return
      pending = { value }
      // While a retry is waited for it takes the newest value along.
      if (retry === undefined) start()
    },
    close: async () => {
      isClosed = true
      await writing
      start()
      await writing
    },
  }
}

/** Undefined when there is no such file. */
const readText = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Undefined for what is no JSON. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
