// The commands of the local platform with stand-ins for roomcast's services: `node … <command> <folder of the stand-ins>`.
// For the tests beside it, which kill and interrupt it.
import { join } from 'node:path'
import { silentLog } from '../../services/shared/log.ts'
import { run, up, type CommandOptions } from '../../deploy/local/commands.ts'
import { explain } from '../../deploy/local/error.ts'
import type { Service } from '../../deploy/local/services.ts'

/** Two programs that answer /readyz and tell their environment; files in DATA_DIR tell them to fail or to stay unready. */
export const standInServices = (folder: string): readonly Service[] => [
  {
    name: 'ingest',
    main: join(folder, 'ingest.mjs'),
    ports: { INGEST_PORT: 8080, INGEST_ADMIN_PORT: 9464 },
    adminPort: 'INGEST_ADMIN_PORT',
    mediaPorts: { MIXER_MEDIA_PORT: 9468 },
  },
  {
    name: 'edge',
    main: join(folder, 'edge.mjs'),
    ports: { EDGE_PORT: 8081, EDGE_ADMIN_PORT: 9466 },
    adminPort: 'EDGE_ADMIN_PORT',
  },
]

export const standInProgram = (name: string, adminPort: string): string => `
import { createServer } from 'node:http'
import { existsSync } from 'node:fs'
const told = (what) => existsSync(process.env.DATA_DIR + '/${name}-' + what)
if (told('fails')) {
  console.error('${name} has no luck today')
  process.exit(3)
}
createServer((request, response) => {
  response.statusCode = told('unready') ? 503 : 200
  response.end(request.url === '/readyz' ? '' : JSON.stringify(process.env))
}).listen(Number(process.env.${adminPort}), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`

const commands: Readonly<Record<string, (options: CommandOptions) => Promise<void>>> = { up, run }

const [, self, name = '', folder = ''] = process.argv
const command = commands[name]
if (self === import.meta.filename && command !== undefined) {
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  try {
    await command({
      env: process.env,
      services: standInServices(folder),
      setup: () => Promise.resolve(),
      log: silentLog,
      say: (line) => console.log(line),
      signal: stop.signal,
    })
  } catch (error) {
    console.error(explain(error))
    process.exitCode = 1
  }
}
