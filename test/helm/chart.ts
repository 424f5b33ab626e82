// `make chart`: fetches what is needed, renders the examples and checks them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { explain } from '../../deploy/local/error.ts'
import { fetchTools } from './tools.ts'

const deadlineMs = 300_000

const run = async (): Promise<number> => {
  const tools = await fetchTools({ say: console.log })
  if ('missing' in tools) throw new Error(tools.missing)
  const files = globSync(join(import.meta.dirname, '*.test.ts')).toSorted()
  const child = spawn(process.execPath, ['--test', '--test-reporter=spec', ...files], {
    stdio: 'inherit',
    timeout: deadlineMs,
  })
  const [code] = await once(child, 'close')
  return code === 0 ? 0 : 1
}

try {
  process.exitCode = await run()
} catch (error) {
  console.error(`the chart was not checked: ${explain(error)}`)
  process.exitCode = 1
}
