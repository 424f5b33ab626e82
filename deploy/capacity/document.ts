// Writes docs/capacity.md and its picture from the results of the benchmarks; with --check it writes nothing and fails when they are not what it would write.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { readDemand } from './demand.ts'
import { estimate } from './estimate.ts'
import { readFigures, valuesOf } from './figures.ts'
import { pageOf } from './page.ts'
import { drawProcesses } from './pictures.ts'
import { compareParts } from './predictions.ts'
import { readResults } from './results.ts'
import { compareSystems } from './whole-system.ts'

const sizes = [
  { ROOMS: '1000', CLIENTS: '100000' },
  { ROOMS: '10000', CLIENTS: '1000000' },
  { ROOMS: '100000', CLIENTS: '10000000' },
].flatMap((size) => ['any', 'partition'].map((SPREAD) => ({ ...size, SPREAD })))

const results = readResults()
const figures = readFigures(results)
const of = valuesOf(figures)
const demand = readDemand({})

const documents: Readonly<Record<string, string>> = {
  'capacity.md': pageOf({
    figures,
    demand,
    estimates: sizes.map((size) => estimate(readDemand(size), figures)),
    systems: compareSystems(results, of),
    parts: compareParts(results, of),
  }),
  'capacity-processes.svg': drawProcesses(readDemand({ SPREAD: 'partition' }), of),
}

const isCheck = process.argv.includes('--check')
for (const [name, content] of Object.entries(documents)) {
  const url = new URL(`../../docs/${name}`, import.meta.url)
  if (!isCheck) writeFileSync(url, content)
  else if (!existsSync(url) || readFileSync(url, 'utf8') !== content) {
    process.exitCode = 1
    console.error(`docs/${name} is not what the figures give: run 'make generate' and commit the result`)
  }
}
