// Runs roomcast on this machine: `node deploy/local/roomcast.ts run | up | down | status`. The Makefile calls it.
import { createLog } from '../../services/shared/log.ts'
import { Fault } from '../../services/shared/fault.ts'
import { down, run, status, up, type CommandOptions } from './commands.ts'
import { isSystemError, PlatformError } from './error.ts'
import { services } from './services.ts'
import { setup } from './setup.ts'

/** Each resolves to the exit code. */
const commands: Readonly<Record<string, (options: CommandOptions) => Promise<number>>> = {
  run: (options) => run(options).then(() => 0),
  up: (options) => up(options).then(() => 0),
  down: (options) => down(options).then(() => 0),
  status: async (options) => ((await status(options)) ? 0 : 1),
}

const interruptedCode = 130

const main = async (name: string): Promise<number> => {
  const command = commands[name]
  if (command === undefined) {
    console.error(`usage: node deploy/local/roomcast.ts ${Object.keys(commands).join(' | ')}`)
    return 2
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  // Whoever reads may go away, as in `make up | head -1`: no reason to leave things half started.
  process.stdout.on('error', (error) => {
    if (!isSystemError(error, 'EPIPE')) throw error
  })
  try {
    return await command({
      env: process.env,
      services,
      setup,
      log: createLog({ service: 'roomcast', level: 'warn' }),
      say: (line) => console.log(line),
      signal: stop.signal,
    })
  } catch (error) {
    if (stop.signal.aborted) {
      if (name === 'run') return 0
      console.error('interrupted; `make down` stops what has been started')
      return interruptedCode
    }
    console.error(error instanceof PlatformError || error instanceof Fault ? `\n${name}: ${error.message}` : error)
    return 1
  }
}

process.exitCode = await main(process.argv[2] ?? '')
