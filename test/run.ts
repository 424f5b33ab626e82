// Every test: `make test`. What needs no running service first, then the tests under test/ against one Kafka and one schema
// registry that are started for the run. `node test/run.ts <file> …` runs these files alone. PLATFORM=containers: in containers.
import { PlatformError } from '../deploy/local/error.ts'
import { check } from './check.ts'
import { endChildrenOnSignal, interrupted } from './runner/child.ts'
import { add, findTestFiles, noTests, runTestFiles, summary, type Totals } from './runner/test-files.ts'
import { choosePlatform } from './containers/choose-platform.ts'
import { startKafka } from './support/kafka.ts'

const runWithKafka = async (files: readonly string[], before: () => Promise<Totals>): Promise<Totals> => {
  // Both take some seconds, and the broker little of the processor.
  const [checked, platform] = await Promise.allSettled([before(), startKafka()])
  const totals = checked.status === 'fulfilled' ? checked.value : { ...noTests, failed: 1 }
  if (checked.status === 'rejected') console.error(checked.reason)
  if (platform.status === 'rejected') {
    console.error(
      'FAILED Kafka and the schema registry did not start; the tests that need them are not run:',
      platform.reason instanceof PlatformError ? platform.reason.message : platform.reason,
    )
    return add(totals, { ...noTests, failed: 1 })
  }
  const { brokers, registryUrl, stop } = platform.value
  try {
    console.log(`tests with Kafka at ${brokers.join(',')} and the schema registry at ${registryUrl} (${platformName})`)
    const env = { KAFKA_BROKERS: brokers.join(','), SCHEMA_REGISTRY_URL: registryUrl }
    return add(totals, await runTestFiles(files, { deadlineMs: 120_000, env }))
  } finally {
    await stop()
  }
}

endChildrenOnSignal()
const platformName = choosePlatform(process.env)
const chosen = process.argv.slice(2)
const totals =
  chosen.length > 0
    ? await runWithKafka(chosen, () => Promise.resolve(noTests))
    : await runWithKafka(findTestFiles('test/**/*.test.ts'), check)
if (interrupted.signal.aborted) console.log('interrupted')
console.log(summary(totals))
process.exitCode ??= totals.failed > 0 ? 1 : 0
