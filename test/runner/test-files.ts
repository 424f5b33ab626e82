import { globSync } from 'node:fs'
import { interrupted, root } from './child.ts'
import { runPool } from './pool.ts'
import { runTestFile, wishesOf, type FileResult } from './test-file.ts'

export type Totals = { readonly passed: number; readonly failed: number; readonly skipped: number }

export const noTests: Totals = { passed: 0, failed: 0, skipped: 0 }

export const add = (a: Totals, b: Totals): Totals => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

/** `12 passed, 0 failed`, and how many were skipped when some were. */
export const summary = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/** The test files that a pattern finds, as paths from the root of the project. */
export const findTestFiles = (...patterns: readonly string[]): readonly string[] =>
  globSync(patterns, { cwd: root, exclude: ['test/boundaries/planted/**'] }).toSorted()

/**
 * Runs test files, one at a time in each lane, those that want to be alone at the end; prints each as it ends.
 * The deadline is that of a file which names none of its own.
 * @param lanes the environment that each has besides this process's
 */
export const runTestFiles = async (
  files: readonly string[],
  { deadlineMs, lanes }: { deadlineMs: number; lanes: readonly Readonly<Record<string, string>>[] },
): Promise<Totals> => {
  let totals = noTests
  const jobs = files.map((file) => {
    const wishes = wishesOf(file)
    const run = async (lane: number): Promise<void> => {
      const env = lanes[lane] ?? {}
      const result = await runTestFile(file, { deadlineMs: wishes.deadlineMs ?? deadlineMs, env })
      console.log(describe(result))
      totals = add(totals, { passed: result.passed, failed: result.failures.length, skipped: result.skipped })
    }
    return { isAlone: wishes.isAlone, run }
  })
  const runs = (alone: boolean) => jobs.filter(({ isAlone }) => isAlone === alone).map(({ run }) => run)
  const { signal } = interrupted
  await runPool(runs(false), { width: lanes.length, signal })
  await runPool(runs(true), { width: 1, signal })
  return totals
}

const describe = ({ file, passed, skipped, skips, failures, told, seconds, output }: FileResult): string => {
  const isOk = failures.length === 0
  const counts = `${passed} passed${isOk ? '' : `, ${failures.length} failed`}${skipped > 0 ? `, ${skipped} skipped` : ''}`
  const line = [
    `  ${isOk ? 'ok    ' : 'FAILED'} ${file}: ${counts} (${seconds.toFixed(1)} s)`,
    ...skips.map((skip) => `    skipped: ${skip}`),
    ...told.map((text) => `    measured: ${text}`),
  ].join('\n')
  if (isOk) return line
  const details = failures.map(({ name, error }) => `✖ ${name}\n${indent(error)}`).join('\n')
  return `${line}\n${indent(details)}${output.trim() === '' ? '' : `\n${indent(`printed:\n${indent(output.trimEnd())}`)}`}`
}

const indent = (text: string): string => text.replaceAll(/^/gm, '    ')
