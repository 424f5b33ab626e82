// Runs the domain's tests inside Stryker's worker process: the files are loaded once, and each mutant runs only the tests that
// reach it. So a mutant costs milliseconds; with a process for each it would cost half a second.
import { globSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MutantCoverage } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
  type DryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
} from '@stryker-mutator/api/test-runner'
import { collectedTests } from './collected-tests.ts'

/** Examples only: what random histories find by chance is not counted as stated. */
const testFiles = 'services/state-machine/domain/**/*.test.ts'
const randomised = /\.(property|reference)\.test\.ts$/

/** What mutated code reads and writes through the global of this name. */
type Instrumentation = {
  activeMutant: string | undefined
  currentTestId: string | undefined
  mutantCoverage: MutantCoverage | undefined
  hitCount: number | undefined
  hitLimit: number | undefined
}
const instrumentation: Instrumentation = {
  activeMutant: undefined,
  currentTestId: undefined,
  mutantCoverage: undefined,
  hitCount: undefined,
  hitLimit: undefined,
}

class InProcessRunner implements TestRunner {
  #isLoaded = false

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: false }
  }

  /** The worker's working directory is the folder with the mutated copies. */
  init(): Promise<void> {
    Object.assign(globalThis, { __stryker__: instrumentation })
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'node:test'
          ? { url: new URL('./collected-tests.ts', import.meta.url).href, shortCircuit: true }
          : next(specifier, context),
    })
    return Promise.resolve()
  }

  async dryRun(): Promise<DryRunResult> {
    await this.#load()
    return this.#run(undefined, false)
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, hitLimit, mutantActivation, testFilter, disableBail } = options
    // A constant of a module is mutated when the module is loaded; for these Stryker starts a new process.
    if (mutantActivation === 'static') instrumentation.activeMutant = activeMutant.id
    await this.#load()
    Object.assign(instrumentation, { activeMutant: activeMutant.id, hitCount: hitLimit && 0, hitLimit })
    return toMutantRunResult(await this.#run(testFilter, !disableBail))
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return
    this.#isLoaded = true
    for (const file of globSync(testFiles).toSorted()) {
      if (!randomised.test(file)) await import(pathToFileURL(resolve(file)).href)
    }
  }

  async #run(filter: readonly string[] | undefined, bails: boolean): Promise<DryRunResult> {
    const tests: TestResult[] = []
    for (const { name, run } of collectedTests) {
      if (filter !== undefined && !filter.includes(name)) continue
      instrumentation.currentTestId = name
      const startedAt = performance.now()
      const outcome = await outcomeOf(run)
      tests.push({ id: name, name, timeSpentMs: performance.now() - startedAt, ...outcome })
      const endless = determineHitLimitReached(instrumentation.hitCount, instrumentation.hitLimit)
      if (endless !== undefined) return endless
      if (bails && outcome.status === TestStatus.Failed) break
    }
    instrumentation.currentTestId = undefined
    const { mutantCoverage } = instrumentation
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage === undefined ? {} : { mutantCoverage }) }
  }
}

type Outcome =
  { readonly status: TestStatus.Success } | { readonly status: TestStatus.Failed; readonly failureMessage: string }

const outcomeOf = async (run: () => unknown): Promise<Outcome> => {
  try {
    await run()
    return { status: TestStatus.Success }
  } catch (error) {
    return { status: TestStatus.Failed, failureMessage: error instanceof Error ? error.message : String(error) }
  }
}

/** The name under which Stryker looks for a module's plugins. */
export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner)]
