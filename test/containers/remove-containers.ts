// `node test/containers/remove-containers.ts <label>=<value>`: waits until its standard input ends; then, unless `done` was written
// there, removes the containers with that label. The other end of the pipe is a test that may have been killed.
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadTestcontainers } from './runtime.ts'

/** One that was being created when the test died appears a moment later. */
const quietForMs = 2_000
const atMostMs = 30_000
const pauseMs = 200

/** Asks until none has been there for a while. */
const removeAll = async (label: string): Promise<void> => {
  const { client } = await loadTestcontainers()
  const { dockerode } = client.container
  const endsAt = performance.now() + atMostMs
  let quietSince = performance.now()
  while (performance.now() - quietSince < quietForMs && performance.now() < endsAt) {
    const found = await dockerode.listContainers({ all: true, filters: { label: [label] } })
    if (found.length > 0) quietSince = performance.now()
    const removals = found.map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true }))
    await Promise.allSettled(removals) // what is being removed already, or fails to be, is seen the next time
    await sleep(pauseMs)
  }
}

const [label = ''] = process.argv.slice(2)
// A Ctrl-C at the terminal is meant for the test.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
if ((await text(process.stdin)) !== 'done\n') await removeAll(label)
