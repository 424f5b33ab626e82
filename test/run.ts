// Every test: `make test`. What needs no running service first, then the tests under test/, as many at a time as there are cores,
// each with a Kafka and a schema registry that are started for the run. `node test/run.ts <file> …` runs these files alone.
// PLATFORM=containers: in containers.
import { availableParallelism } from 'node:os'
import { PlatformError } from '../deploy/local/error.ts'
import { check } from './check.ts'
import { endChildrenOnSignal, interrupted } from './runner/child.ts'
import { wishesOf } from './runner/test-file.ts'
import { add, findTestFiles, noTests, runTestFiles, summary, type Totals } from './runner/test-files.ts'
import { choosePlatform } from './containers/choose-platform.ts'
import { startEngineOfRun } from './containers/engine-of-run.ts'
import { startKafka } from './support/kafka.ts'

/** Each takes some 700 MB. */
const mostLanes = 4

/** A file has a broker and a registry for itself, which those before and after it in its lane have, too. */
const lanesFor = (files: readonly string[]): number => Math.min(availableParallelism(), files.length, mostLanes)

const runWithKafka = async (files: readonly string[], before: () => Promise<Totals>): Promise<Totals> => {
  // They take some seconds, and the brokers little of the processor.
  const starts = Array.from({ length: lanesFor(files) }, () => startKafka())
  const [checked, ...platforms] = await Promise.allSettled([before(), ...starts])
  const totals = checked.status === 'fulfilled' ? checked.value : { ...noTests, failed: 1 }
  if (checked.status === 'rejected') console.error(checked.reason)
  const started = platforms.flatMap((platform) => (platform.status === 'fulfilled' ? [platform.value] : []))
  try {
    const failure = platforms.find((platform) => platform.status === 'rejected')
    if (failure !== undefined) {
      console.error(
        'FAILED Kafka and the schema registry did not start; the tests that need them are not run:',
        failure.reason instanceof PlatformError ? failure.reason.message : failure.reason,
      )
      return add(totals, { ...noTests, failed: 1 })
    }
    const lanes = started.map(({ brokers, registryUrl }) => ({
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
    }))
    for (const lane of lanes) {
      console.log(
        `tests with Kafka at ${lane.KAFKA_BROKERS}, the registry at ${lane.SCHEMA_REGISTRY_URL} (${platformName})`,
      )
    }
    return add(totals, await runTestFiles(files, { deadlineMs: 120_000, lanes }))
  } finally {
    await Promise.all(started.map(({ stop }) => stop()))
  }
}

endChildrenOnSignal()
const platformName = choosePlatform(process.env)
const chosen = process.argv.slice(2)
const files = chosen.length > 0 ? chosen : findTestFiles('test/**/*.test.ts')
const wantsEngine = platformName === 'containers' || files.some((file) => wishesOf(file).wantsEngine)
const engine = wantsEngine
  ? startEngineOfRun({ say: console.log, signal: interrupted.signal })
  : Promise.resolve(async () => {})
if (platformName === 'containers') await engine
const totals = await runWithKafka(files, async () => {
  const [checked] = await Promise.all([chosen.length > 0 ? noTests : check(), engine])
  return checked
})
const stopEngine = await engine
await stopEngine()
if (interrupted.signal.aborted) console.log('interrupted')
console.log(summary(totals))
process.exitCode ??= totals.failed > 0 ? 1 : 0
