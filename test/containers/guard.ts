import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { Socket } from 'node:net'
import { join } from 'node:path'

/** What every container of the tests is marked with; the value tells whose it is. */
export const guardLabel = 'roomcast.test'

/** Removes containers when this process dies, even by SIGKILL. */
export type Guard = {
  /** For the containers that are to be removed. */
  readonly labels: Readonly<Record<string, string>>
  /** To be called once they are gone. */
  readonly release: () => void
}

/** Starts a process that waits for the end of this one: the pipe between them closes, however it went. */
export const createGuard = (): Guard => {
  const id = randomUUID()
  const watcher = spawn(process.execPath, [join(import.meta.dirname, 'remove-containers.ts'), `${guardLabel}=${id}`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  if (watcher.stdin instanceof Socket) watcher.stdin.unref()
  // Should the watcher be killed, the containers merely lose their guard.
  watcher.stdin.on('error', () => watcher.stdin.destroy())
  return { labels: { [guardLabel]: id }, release: () => void watcher.stdin.end('done\n') }
}
