// Proves that the boundary and lint rules still bite: every planted violation must be reported, and nothing else.
// A planted file is named for the rule that it breaks (`no-cycles-either.ts`: the second half of `no-cycles.ts`).
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const planted = fileURLToPath(new URL('./planted/', import.meta.url))
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

/** A report of a tool, reduced to what is compared: the rule, and the file under planted/. */
type Report = { readonly rule: string; readonly file: string }

/** Runs a tool and parses its JSON; the tools exit with a failure when they report something, as they should here. */
const report = (command: string, args: readonly string[], cwd: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    execFile(command, args, { cwd, maxBuffer: 2 ** 26 }, (error, stdout) => {
      try {
        resolve(JSON.parse(stdout))
      } catch {
        reject(new Error(`${basename(command)} gave no JSON`, { cause: error }))
      }
    })
  })

const boundaries = async (): Promise<readonly Report[]> => {
  const args = ['--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', '.']
  const { summary } = (await report(bin('depcruise'), args, planted)) as {
    summary: { violations: readonly { rule: { name: string }; from: string }[] }
  }
  return summary.violations.map(({ rule, from }) => ({ rule: rule.name, file: from }))
}

const lint = async (): Promise<readonly Report[]> => {
  const { diagnostics } = (await report(bin('oxlint'), ['--format', 'json', planted], root)) as {
    diagnostics: readonly { code: string; filename: string }[]
  }
  return diagnostics.map(({ code, filename }) => ({
    rule: code.replace(/^.*\((.*)\)$/, '$1'),
    file: filename.slice(filename.indexOf('/planted/') + '/planted/'.length),
  }))
}

const isNamedFor = (file: string, rule: string): boolean => basename(file).startsWith(rule)

const main = async (): Promise<readonly string[]> => {
  const [cruised, linted, paths] = await Promise.all([boundaries(), lint(), readdir(planted, { recursive: true })])
  const reports = [...cruised, ...linted]
  const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
    forbidden: readonly { name: string }[]
  }
  const complaints: string[] = []
  for (const { name } of config.forbidden) {
    if (!cruised.some(({ rule }) => rule === name)) complaints.push(`the boundary ${name} does not bite (any more)`)
  }
  const supports = new Set(['good', 'log', 'lanes', 'http', 'http-schemas', 'main', 'events', 'local', 'builder'])
  for (const path of paths.filter((name) => /\.[jt]s$/.test(name))) {
    const mine = reports.filter(({ file }) => file === path)
    if (supports.has(basename(path).replace(/\.[jt]s$/, ''))) {
      for (const { rule } of mine) complaints.push(`${path} breaks nothing, but ${rule} reports it`)
    } else if (!mine.some(({ rule }) => isNamedFor(path, rule)) && !path.includes('-either')) {
      complaints.push(`${join(basename(dirname(path)), basename(path))} is not reported`)
    }
  }
  return complaints
}

const complaints = await main()
for (const complaint of complaints) console.error(complaint)
process.exitCode = complaints.length > 0 ? 1 : 0
