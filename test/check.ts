// Everything that needs no running service, in under a minute: `make check`.
import { availableParallelism } from 'node:os'
import { endChildrenOnSignal, interrupted } from './runner/child.ts'
import { runPool } from './runner/pool.ts'
import { runStep, type Step } from './runner/step.ts'
import { add, findTestFiles, noTests, runTestFiles, summary, type Totals } from './runner/test-files.ts'

/** Beside the code, and without a running service. */
const unitTests = ['services/**/*.test.ts', 'schemas/**/*.test.ts', 'deploy/**/*.test.ts', 'docs/**/*.test.ts']

const planted = 'test/boundaries/planted'

/** The longest first. */
const steps: readonly Step[] = [
  { name: 'types', command: ['tsc', '--incremental', '--tsBuildInfoFile', '.cache/types.tsbuildinfo'] },
  { name: 'lint', command: ['oxlint', '--ignore-pattern', `${planted}/**`] },
  { name: 'format', command: ['prettier', '--check', '--cache', '--cache-location', '.cache/prettier', '.'] },
  {
    name: 'boundaries',
    command: [
      'depcruise',
      '--config',
      '.dependency-cruiser.cjs',
      '--exclude',
      `^(${planted}|services/edge/client/dist)/`,
      'services',
      'schemas',
      'deploy',
      'docs',
      'test',
    ],
  },
  { name: 'boundaries and lint still bite', command: ['node', 'test/boundaries/planted.ts'] },
  { name: 'generated files are fresh', command: ['node', 'schemas/generate.ts', '--check'] },
  { name: 'the page of metrics is fresh', command: ['node', 'deploy/observability/metrics-page.ts', '--check'] },
  { name: 'dashboards are fresh', command: ['node', 'deploy/observability/dashboards/generate.ts', '--check'] },
  {
    name: 'the chart has rules, dashboards and settings as they are',
    command: ['node', 'deploy/helm/generate.ts', '--check'],
  },
  { name: 'documents are fresh', command: ['node', 'docs/generators/generate.ts', '--check'] },
  {
    name: 'the page of capacity is what the figures give',
    command: ['node', 'deploy/capacity/document.ts', '--check'],
  },
  { name: 'documents name what exists', command: ['node', 'test/documents/check.ts'] },
  { name: 'schemas are compatible with what was released', command: ['node', 'schemas/compatibility.ts'] },
  { name: 'files speak of the project only', command: ['node', 'test/boundaries/own-words.ts'] },
]

/** Runs the steps, then the unit tests. A failed step counts as one failed test, a good one as nothing. */
export const check = async (): Promise<Totals> => {
  let totals = noTests
  const jobs = steps.map((step) => async () => {
    if (!(await runStep(step))) totals = add(totals, { ...noTests, failed: 1 })
  })
  await runPool(jobs, { width: availableParallelism(), signal: interrupted.signal })
  console.log('unit tests')
  // Many of them wait for most of their time.
  const lanes = Array.from({ length: 2 * availableParallelism() }, () => ({}))
  return add(totals, await runTestFiles(findTestFiles(...unitTests), { deadlineMs: 45_000, lanes }))
}

if (import.meta.main) {
  endChildrenOnSignal()
  const startedAt = performance.now()
  const totals = await check()
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  console.log(`check: ${summary(totals)} in ${seconds} s`)
  process.exitCode ??= totals.failed > 0 ? 1 : 0
}
