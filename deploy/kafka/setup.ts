// Prepares a Kafka cluster and a schema registry for roomcast: `node deploy/kafka/setup.ts --help`.
import { parseArgs } from 'node:util'
import { missingSubjects } from '../../services/shared/codec/register.ts'
import { Fault } from '../../services/shared/fault.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { fetchTopics } from '../../services/shared/kafka/topics.ts'
import { createLog } from '../../services/shared/log.ts'
import { compareTopics } from './compare-topics.ts'
import { describeFindings } from './describe-findings.ts'
import { setUp } from './set-up.ts'
import { readSetupConfig } from './setup-config.ts'
import { wantedTopics } from './wanted-topics.ts'

const usage = `\
usage: node deploy/kafka/setup.ts [--plan]

Creates the topics and registers the schemas that a Kafka cluster and its registry lack, and says where a topic is otherwise
than declared. What exists is never changed, so it may run before every deployment.

  --plan   only says what would be done

Settings, from the environment: KAFKA_BROKERS and the other KAFKA_…, SCHEMA_REGISTRY_URL, TOPIC_PARTITIONS (12; fixed for life),
TOPIC_REPLICATION (1; production: 3), TOPIC_MIN_INSYNC_REPLICAS (all replicas but one). docs/kafka.md explains them.

Exit code: 0 everything is there; 1 refused or failed; 2 with --plan: something would be done; 64 these arguments are unknown.`

const registryTimeoutMs = 5000
const interruptedCode = 130

const readArguments = (): { readonly plan: boolean; readonly help: boolean } | undefined => {
  try {
    const { values } = parseArgs({
      options: { plan: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    })
    return values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return undefined
  }
}

const run = async (isPlan: boolean, signal: AbortSignal): Promise<number> => {
  const { kafka: settings, registryUrl, topics: topicSettings, logLevel } = readSetupConfig(process.env)
  const log = createLog({ service: 'setup', level: logLevel })
  const kafka = createKafka({ ...settings, clientId: 'roomcast-setup', log })
  const brokers = settings.brokers.join(',')
  const topics = wantedTopics(topicSettings)

  const existing = await fetchTopics({ kafka, names: topics.map(({ name }) => name), signal })
  const findings = compareTopics(topics, existing, brokers)
  const { partitions, replication, minInsync } = topicSettings
  console.log(`topics at ${brokers}: ${partitions} partitions, ${replication} replicas, ${minInsync} of them in sync`)
  for (const line of describeFindings(findings)) console.log(line)
  const wrong = findings.filter(({ kind }) => kind === 'wrong').length
  if (wrong > 0) {
    console.error(`refused: ${wrong} setting(s) with which roomcast would not keep its promises; nothing was changed`)
    return 1
  }
  const lacking = findings.filter(({ kind }) => kind === 'missing').length

  const { total, missing } = await missingSubjects({ registryUrl, timeoutMs: registryTimeoutMs, log, signal })
  const { host } = new URL(registryUrl)
  console.log(`schemas at ${host}: ${missing.length} of ${total} are not registered`)
  for (const subject of missing) console.log(`  ${subject}`)
  const different = findings.filter(({ kind }) => kind === 'different').length
  if (lacking === 0 && missing.length === 0) {
    console.log(`everything is there${different === 0 ? '' : `; ${different} setting(s) differ`}`)
    return 0
  }
  if (isPlan) {
    console.log(`would create ${lacking} topic(s) and register ${missing.length} schema(s)`)
    return 2
  }
  await setUp({ kafka, registryUrl, topics, log, signal })
  console.log(`created ${lacking} topic(s), registered ${missing.length} schema(s)`)
  return 0
}

const main = async (): Promise<number> => {
  const options = readArguments()
  if (options === undefined) return 64
  if (options.help) {
    console.log(usage)
    return 0
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  try {
    return await run(options.plan, stop.signal)
  } catch (error) {
    if (stop.signal.aborted) return interruptedCode
    console.error(error instanceof Fault ? `setup: ${error.message}` : error)
    return 1
  }
}

process.exitCode = await main()
