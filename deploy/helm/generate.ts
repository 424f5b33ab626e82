// Writes into the chart what is decided elsewhere: alert rules, dashboards, and what the services' code says of their settings, ports and times.
// With --check it writes nothing and fails when a file is not what it would write.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chartServices } from './services.ts'
import { createValuesSchema } from './values-schema.ts'

const chart = fileURLToPath(new URL('roomcast', import.meta.url))
const observability = fileURLToPath(new URL('../observability', import.meta.url))

/** The files of a folder whose names end so, as they are. */
const copies = (from: string, end: string, to: string): readonly (readonly [string, string])[] =>
  readdirSync(from)
    .filter((name) => name.endsWith(end))
    .toSorted()
    .map((name) => [join(to, name), readFileSync(join(from, name), 'utf8')] as const)

/** Folders in which nothing else may be. */
const ownFolders = ['files/rules', 'files/dashboards']

/** The generated files of the chart by path. */
export const renderChartFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ...copies(join(observability, 'rules'), '.rules.yml', 'files/rules'),
    ...copies(join(observability, 'dashboards/generated'), '.json', 'files/dashboards'),
    ['files/services.json', `${JSON.stringify(chartServices, null, 1)}\n`],
    ['values.schema.json', createValuesSchema()],
  ])

const main = (check: boolean): number => {
  const files = renderChartFiles()
  for (const folder of ownFolders) mkdirSync(join(chart, folder), { recursive: true })
  const there = ownFolders.flatMap((folder) => readdirSync(join(chart, folder)).map((name) => join(folder, name)))
  const surplus = there.filter((path) => !files.has(path))
  const stale = [...files].filter(([path, text]) => readIfThere(join(chart, path)) !== text)
  if (check) {
    const wrong = [...surplus, ...stale.map(([path]) => path)]
    if (wrong.length > 0) {
      console.error(
        `the chart is not what rules, dashboards and settings say: ${wrong.join(', ')}; run 'make generate'`,
      )
    }
    return wrong.length > 0 ? 1 : 0
  }
  for (const path of surplus) rmSync(join(chart, path))
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(chart, path)), { recursive: true })
    writeFileSync(join(chart, path), text)
  }
  return 0
}

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'))
