import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * A shell that reads pids from its standard input, one a line, and ends those processes when the input ends before the word
 * `done` came: that is when whoever holds the other end of the pipe is gone, however it went. Those that are left after 15 s are killed.
 */
const script = `
pids=
while read -r line; do
  [ "$line" = done ] && exit 0
  pids="$pids $line"
done
[ -z "$pids" ] && exit 0
kill $pids 2>/dev/null
for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  left=
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && left="$left $pid"; done
  [ -z "$left" ] && exit 0
  pids=$left
  sleep 1
done
kill -9 $pids 2>/dev/null
`

/** Ends processes when this process dies, even by SIGKILL. */
export type Owner = {
  readonly add: (pid: number) => void
  /** To be called once they have ended. */
  readonly release: () => void
}

export const createOwner = (): Owner => {
  const watcher = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  watcher.unref()
  if (watcher.stdin instanceof Socket) watcher.stdin.unref()
  // Should the watcher be killed, the owned processes merely lose their guard.
  watcher.stdin.on('error', () => watcher.stdin.destroy())
  return {
    add: (pid) => void watcher.stdin.write(`${pid}\n`),
    release: () => void watcher.stdin.end('done\n'),
  }
}
