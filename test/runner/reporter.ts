// Runs inside each test file's process: writes what happens to its tests as lines of JSON on stdout, each after a character
// that no test prints, so that the runner can tell them from what a test itself prints.
import type { TestEvent } from 'node:test/reporters'
import { marker, type Note } from './note.ts'

/** After the last test, `after` hooks may still be closing a broker; a process that lives longer holds something open. */
const leakGraceMs = 20_000

const write = (note: Note): void => void process.stdout.write(`${marker}${JSON.stringify(note)}\n`)

/** What the end of a run says of itself. */
const ownCounts = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

const noteOf = (event: TestEvent): Note | undefined => {
  if (event.type === 'test:diagnostic') {
    const { message: text } = event.data
    return ownCounts.test(text) ? undefined : { kind: 'told', text }
  }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined
  const { name, skip, todo, details } = event.data
  if (isOn(skip) || isOn(todo)) return { kind: 'skipped', name, reason: [skip, todo].find(isText) ?? '' }
  if (event.type === 'test:pass') return details.type === 'suite' ? undefined : { kind: 'passed', name }
  const { error } = event.data.details
  // A test that failed because of one inside it: that one is reported by itself.
  if ('failureType' in error && error.failureType === 'subtestsFailed') return undefined
  return { kind: 'failed', name, error: textOf(error.cause ?? error) }
}

const isText = (mark: string | boolean | undefined): mark is string => typeof mark === 'string'
const isOn = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false
const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

const report = async function* (source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let open = 0
  let leak: NodeJS.Timeout | undefined
  for await (const event of source) {
    if (event.type === 'test:enqueue') open += 1
    if (event.type === 'test:complete') open -= 1
    clearTimeout(leak)
    if (open === 0 && event.type !== 'test:enqueue') {
      leak = setTimeout(() => write({ kind: 'leak', open: process.getActiveResourcesInfo() }), leakGraceMs).unref()
    }
    const note = noteOf(event)
    if (note !== undefined) yield `${marker}${JSON.stringify(note)}\n`
  }
}

// oxlint-disable-next-line import/no-default-export -- node:test takes a reporter from there
export default report
