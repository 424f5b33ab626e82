import { randomUUID } from 'node:crypto'
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isSystemError, PlatformError } from './error.ts'
import { readIfPresent } from './files.ts'
import type { Say } from './say.ts'
import { isAlive, readStartTime } from './processes.ts'
import { waitUntil } from './wait.ts'

const Holder = z.object({ pid: z.number(), startTime: z.string(), command: z.string() })
type Holder = z.infer<typeof Holder>

const parseHolder = (text: string): Holder | undefined => {
  try {
    return Holder.safeParse(JSON.parse(text)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Gives a file its second name unless that exists: false then. The lock file is therefore never seen half written. */
const linkUnlessThere = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    throw error
  }
}

/** Takes a stale lock away. Should a new holder have replaced it meanwhile, that one gets its lock back. */
const removeStale = async (path: string, stale: string, aside: string): Promise<void> => {
  try {
    await rename(path, aside)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return
    throw error
  }
  if ((await readIfPresent(aside)) !== stale) await linkUnlessThere(aside, path)
  await rm(aside, { force: true })
}

const waitAtMostMs = 180_000

/**
 * Runs `action` while no other process does the same in this DATA_DIR. Waits for its turn, at most three minutes; the lock of a
 * process that has died is taken over. Throws a PlatformError that names the holder.
 */
export const withLock = async <T>(
  { dataDir, command, say, signal }: { dataDir: string; command: string; say: Say; signal?: AbortSignal | undefined },
  action: () => Promise<T>,
): Promise<T> => {
  const path = join(dataDir, 'lock')
  const own = join(dataDir, `lock.${randomUUID()}`)
  await mkdir(dataDir, { recursive: true })
  const holder: Holder = { pid: process.pid, startTime: (await readStartTime(process.pid)) ?? '', command }
  await writeFile(own, JSON.stringify(holder), { mode: 0o600 })
  let seen: Holder | undefined
  const tryOnce = async (): Promise<boolean> => {
    if (await linkUnlessThere(own, path)) return true
    const text = await readIfPresent(path)
    if (text === undefined) return false
    const other = parseHolder(text)
    if (other === undefined || !(await isAlive(other))) {
      await removeStale(path, text, `${own}.stale`)
    } else if (seen?.pid !== other.pid) {
      seen = other
      say(`waiting for pid ${other.pid} (roomcast ${other.command}), which works in ${dataDir} …`)
    }
    return false
  }
  try {
    if (!(await waitUntil(tryOnce, { deadlineMs: waitAtMostMs, signal }))) {
      throw new PlatformError(`pid ${seen?.pid} (roomcast ${seen?.command}) has kept ${path} for too long`)
    }
  } finally {
    await rm(own, { force: true })
  }
  try {
    return await action()
  } finally {
    await rm(path, { force: true })
  }
}
