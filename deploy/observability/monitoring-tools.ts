import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isSystemError, PlatformError } from '../local/error.ts'

const answersWithinMs = 10_000

/** Programs under the names that Debian's packages and the projects' own archives give them. */
const names = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  alertmanager: ['prometheus-alertmanager', 'alertmanager'],
  amtool: ['amtool'],
} as const satisfies Readonly<Record<string, readonly string[]>>

type Tool = keyof typeof names

/** What to call for each. */
export type MonitoringTools = Readonly<Record<Tool, string>>

const exists = async (program: string): Promise<boolean> => {
  try {
    await promisify(execFile)(program, ['--version'], { timeout: answersWithinMs })
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return false
    throw error
  }
}

const find = async (tool: Tool): Promise<string | undefined> => {
  for (const name of names[tool]) if (await exists(name)) return name
  return undefined
}

const look = async () => {
  const [prometheus, promtool, alertmanager, amtool] = await Promise.all([
    find('prometheus'),
    find('promtool'),
    find('alertmanager'),
    find('amtool'),
  ])
  return { prometheus, promtool, alertmanager, amtool }
}

/** What is missing of Prometheus, Alertmanager and their tools on this machine, by name; empty: all is there. */
export const findMissingMonitoringTools = async (): Promise<readonly string[]> =>
  Object.entries(await look()).flatMap(([name, program]) => (program === undefined ? [name] : []))

/** The programs of this machine. Throws a PlatformError that names what is missing and says how to get it. */
export const findMonitoringTools = async (): Promise<MonitoringTools> => {
  const { prometheus, promtool, alertmanager, amtool } = await look()
  if (prometheus !== undefined && promtool !== undefined && alertmanager !== undefined && amtool !== undefined) {
    return { prometheus, promtool, alertmanager, amtool }
  }
  const missing = Object.entries({ prometheus, promtool, alertmanager, amtool })
    .filter(([, program]) => program === undefined)
    .map(([name]) => name)
  throw new PlatformError(
    `not installed: ${missing.join(', ')}. On Debian: apt-get install prometheus prometheus-alertmanager` +
      ` (elsewhere: the archives of prometheus and alertmanager of prometheus.io, their programs on the PATH)`,
  )
}
