// The health check of a container: asks the service that runs in it. `roomcast probe healthz` (is it alive?) or `… readyz` (can it
// take work?) ends with exit code 0 when it answers 200, and says why not otherwise.
import { setTimeout as sleep } from 'node:timers/promises'

/** The admin ports of the services, as protocol and configuration have them. */
const adminPorts = {
  INGEST_ADMIN_PORT: '9464',
  STATE_MACHINE_ADMIN_PORT: '9465',
  EDGE_ADMIN_PORT: '9466',
  MIXER_ADMIN_PORT: '9467',
}
const withinMs = 3_000

/** What the one service of this container says; the other three ports refuse. Undefined: nobody listens. */
export const ask = async (
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly ok: boolean; readonly text: string } | undefined> => {
  const over = new AbortController()
  const asked = Object.entries(adminPorts).map(async ([name, byDefault]) => {
    const answer = await fetch(`http://127.0.0.1:${env[name] || byDefault}/${path}`, { signal: over.signal })
    return { ok: answer.status === 200, text: `${answer.status} ${(await answer.text()).trim()}` }
  })
  const late = sleep(withinMs, { ok: false, text: `no answer within ${withinMs} ms` }, { signal: over.signal })
  try {
    return await Promise.race([late, Promise.any(asked)])
  } catch (error) {
    if (error instanceof AggregateError) return undefined
    throw error
  } finally {
    over.abort()
    await Promise.allSettled([late, ...asked])
  }
}

if (import.meta.main) {
  const path = process.argv[2]
  if (path !== 'healthz' && path !== 'readyz') {
    console.error('usage: roomcast probe healthz | readyz')
    process.exit(64)
  }
  const answer = await ask(path, process.env)
  console.log(answer?.text ?? 'no service of roomcast listens in this container')
  process.exitCode = answer?.ok === true ? 0 : 1
}
