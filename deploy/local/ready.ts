import { PlatformError } from './error.ts'
import { readTail } from './files.ts'
import { logFile, isAlive, type ProcessRecord, type StartedProcess } from './processes.ts'
import { waitUntil } from './wait.ts'

const shownLines = 12

/** The error for a process that did not come up or ended: its name, what happened, and the end of its log. */
export const describeFailure = async (dataDir: string, name: string, what: string): Promise<PlatformError> => {
  const path = logFile(dataDir, name)
  const lines = await readTail(path, shownLines)
  const log = lines.length === 0 ? `its log ${path} is empty` : `the end of ${path}:\n  ${lines.join('\n  ')}`
  return new PlatformError(`${name} ${what}; ${log}`)
}

/** How a process that was started by this program ended; of an adopted one nobody knows more than that it did. */
export const tellEnd = async (started: ProcessRecord | StartedProcess): Promise<string> =>
  'ended' in started ? `ended with ${await started.ended}` : 'ended'

/**
 * Waits until `isReady` is true of a process. Gives up, with a PlatformError that quotes its log, when the process ends or
 * the deadline passes; rejects with the signal's reason when that is aborted.
 */
export const awaitReady = async ({
  dataDir,
  started,
  isReady,
  deadlineMs,
  everyMs = 50,
  signal,
}: {
  readonly dataDir: string
  readonly started: ProcessRecord | StartedProcess
  /** Aborted through its argument when nobody waits any more. */
  readonly isReady: (signal: AbortSignal) => Promise<boolean>
  readonly deadlineMs: number
  /** Between two looks. */
  readonly everyMs?: number
  readonly signal?: AbortSignal | undefined
}): Promise<void> => {
  const over = new AbortController()
  const outer = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
  const ended = waitUntil(async () => !(await isAlive(started)), { deadlineMs, everyMs: 100, signal: outer })
  const ready = waitUntil(() => isReady(outer), { deadlineMs, everyMs, signal: outer })
  try {
    const first = await Promise.race([ready, ended.then((gone) => (gone ? 'gone' : false))])
    if (first === true) return
    const what = first === 'gone' ? await tellEnd(started) : `was not ready within ${deadlineMs / 1000} s`
    throw await describeFailure(dataDir, started.name, what)
  } finally {
    over.abort()
    // The loser of the race rejects with the abort that was just asked for.
    await Promise.allSettled([ready, ended])
  }
}
