// Writes the dashboards into generated/, as Grafana reads them; with --check it writes nothing and fails when a file is not what it
// would write.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { buildBoard, type Board } from './board.ts'
import { edge } from './edge.ts'
import { ingest } from './ingest.ts'
import { kafka } from './kafka.ts'
import { mixer } from './mixer.ts'
import { stateMachine } from './state-machine.ts'
import { users } from './users.ts'

export const boards: readonly Board[] = [users, ingest, stateMachine, mixer, edge, kafka]

/** Keys in order, so that a change of the SDK's own order changes no file. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

/** The files by name. */
export const renderBoards = (): ReadonlyMap<string, string> =>
  new Map(boards.map((board) => [`${board.uid}.json`, `${JSON.stringify(sorted(buildBoard(board)), null, 2)}\n`]))

const folder = new URL('generated/', import.meta.url)

const main = (check: boolean): number => {
  const files = renderBoards()
  const there = existsSync(folder) ? readdirSync(folder) : []
  const surplus = there.filter((name) => !files.has(name))
  const stale = [...files].filter(
    ([name, text]) => !there.includes(name) || readFileSync(new URL(name, folder), 'utf8') !== text,
  )
  if (check) {
    const wrong = [...surplus, ...stale.map(([name]) => name)]
    if (wrong.length > 0)
      console.error(`dashboards are not what their code says: ${wrong.join(', ')}; run 'make generate'`)
    return wrong.length > 0 ? 1 : 0
  }
  mkdirSync(folder, { recursive: true })
  for (const name of surplus) rmSync(new URL(name, folder))
  for (const [name, text] of stale) writeFileSync(new URL(name, folder), text)
  return 0
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'))
