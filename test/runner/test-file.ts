import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { collectOutput, end, root, signalGroup, start } from './child.ts'
import { marker, type Note } from './note.ts'

export type Failure = { readonly name: string; readonly error: string }

export type FileResult = {
  readonly file: string
  readonly passed: number
  readonly skipped: number
  /** Of the skipped ones, those that say why. */
  readonly skips: readonly string[]
  readonly failures: readonly Failure[]
  /** What its tests say that they measured. */
  readonly told: readonly string[]
  readonly seconds: number
  /** What the tests printed, the end of it. */
  readonly output: string
}

/** How a file wants to be run; it says so in comments at the beginning of a line. */
export type Wishes = {
  /** `// runs alone: why` — with no other file at the same time. */
  readonly isAlone: boolean
  /** `// deadline: 300 s` */
  readonly deadlineMs: number | undefined
  /** `// wants a container engine` */
  readonly wantsEngine: boolean
}

export const wishesOf = (file: string): Wishes => {
  const source = readFileSync(`${root}${file}`, 'utf8')
  const deadline = /^\/\/ deadline: (\d+) s/m.exec(source)?.[1]
  return {
    isAlone: /^\/\/ runs alone: \S/m.test(source),
    deadlineMs: deadline === undefined ? undefined : Number(deadline) * 1000,
    wantsEngine: /^\/\/ wants a container engine/m.test(source),
  }
}

const reporter = fileURLToPath(new URL('./reporter.ts', import.meta.url))

/**
 * Runs the tests of one file in a process of its own. A file fails, besides by its tests, when it has none, crashes,
 * takes longer than its deadline, or does not end by itself when its tests are over.
 */
export const runTestFile = (
  file: string,
  { deadlineMs, env }: { deadlineMs: number; env: Readonly<Record<string, string>> },
): Promise<FileResult> =>
  new Promise((resolve) => {
    const startedAt = performance.now()
    const output = collectOutput()
    const failures: Failure[] = []
    const told: string[] = []
    let passed = 0
    let skipped = 0
    const skips: string[] = []
    const failFile = (error: string): void => void failures.push({ name: 'the file as a whole', error })

    const child = start(process.execPath, ['--test-reporter', reporter, '--enable-source-maps', file], env)
    const deadline = setTimeout(() => {
      failFile(`not done within ${deadlineMs / 1000} s`)
      end(child)
    }, deadlineMs)

    const take = (note: Note): void => {
      switch (note.kind) {
        case 'passed':
          passed += 1
          break
        case 'skipped':
          skipped += 1
          if (note.reason !== '') skips.push(`${note.name}: ${note.reason}`)
          break
        case 'failed':
          failures.push(note)
          break
        case 'told':
          told.push(note.text)
          break
        case 'leak':
          failFile(`its tests are over, but it does not end; still open: ${note.open.join(', ')}`)
          end(child)
      }
    }
    createInterface({ input: child.stdout }).on('line', (line) => {
      const at = line.indexOf(marker)
      if (at !== 0) output.add(`${at < 0 ? line : line.slice(0, at)}\n`)
      if (at >= 0) take(JSON.parse(line.slice(at + marker.length)) as Note)
    })
    child.stderr.setEncoding('utf8').on('data', output.add)

    child.once('exit', () => signalGroup(child, 'SIGKILL')) // what it left behind would hold its pipes open
    child.once('error', (error) => failFile(error.message))
    child.once('close', (code, signal) => {
      clearTimeout(deadline)
      if (failures.length === 0 && code !== 0) failFile(`ended with ${signal ?? `exit code ${code}`}`)
      if (failures.length === 0 && passed + skipped === 0) failFile('has no tests')
      const seconds = (performance.now() - startedAt) / 1000
      resolve({ file, passed, skipped, skips, failures, told, seconds, output: output.text() })
    })
  })
