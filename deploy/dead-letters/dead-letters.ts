// What could not be processed, for people: `make dead-letters`, docs/dead-letters.md.
import { createCodec } from '../../services/shared/codec/codec.ts'
import { Fault } from '../../services/shared/fault.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import { readVariables } from '../local/environment.ts'
import { readDeadLettersConfig } from './config.ts'
import { helpText } from './help.ts'
import { list } from './list.ts'
import { UsageError } from './option-values.ts'
import { parseCommand, type Command } from './options.ts'
import type { Progress } from './read-topic.ts'
import { replay } from './replay/replay.ts'
import { show } from './show.ts'

const exitCodes = { done: 0, failed: 1, refused: 3, usage: 64, interrupted: 130 } as const

const registryTimeoutMs = 5_000
const tellEveryMs = 2_000

/** Says on stderr how far a reading is that takes long. */
const createProgress = (): Progress => {
  let toldAt = performance.now()
  return (topic, read, of) => {
    if (performance.now() - toldAt < tellEveryMs) return
    toldAt = performance.now()
    console.error(`${topic}: ${read} of ${of} records read`)
  }
}

const run = async (command: Exclude<Command, { readonly verb: 'help' }>, signal: AbortSignal): Promise<number> => {
  const dataDir = process.env['DATA_DIR']
  const config = readDeadLettersConfig(process.env, dataDir ? await readVariables(dataDir) : undefined)
  console.error(`Kafka at ${config.kafka.brokers.join(',')}, the registry at ${new URL(config.registryUrl).host}`)
  // Faults are told in one line each at the end; what is tried again meanwhile is nobody's concern.
  const log = silentLog
  const kafka = createKafka({ ...config.kafka, clientId: 'roomcast-dead-letters', log })
  const codec = createCodec({ registryUrl: config.registryUrl, timeoutMs: registryTimeoutMs, log })
  const say = (line: string): void => console.log(line)
  const reading = { kafka, progress: createProgress(), log, signal }
  switch (command.verb) {
    case 'list':
      await list({ ...reading, ...command, say })
      return exitCodes.done
    case 'show':
      await show({ ...reading, ...command, codec, say })
      return exitCodes.done
    case 'replay': {
      const { limits } = config
      const isDone = await replay({ ...reading, ...command, codec, limits, now: Date.now, say })
      return isDone ? exitCodes.done : exitCodes.refused
    }
  }
}

/** What to do about a fault, where that is known. */
const adviceFor = ({ code, message }: Fault): string => {
  switch (code) {
    case 'PRODUCER_FENCED':
      return '. Somebody else has begun to replay at this cluster, or Kafka gave up waiting for this run: it has stopped. Run it again'
    case 'BROKER_UNREACHABLE':
      return '. Is KAFKA_BROKERS right? What was being written may be there or not: run it again, and it looks'
    case 'BROKER_REFUSED':
      return message.includes('ACL') ? '. The rights that this user needs are in docs/dead-letters.md' : ''
    case 'REGISTRY_UNREACHABLE':
      return '. Is SCHEMA_REGISTRY_URL right? Nothing is replayed without it'
    default:
      return ''
  }
}

/** A file that was named is not there, is there already, or may not be read or written. */
const isOfFile = (error: unknown): error is Error =>
  error instanceof Error &&
  'code' in error &&
  ['EEXIST', 'ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR'].includes(String(error.code))

const main = async (): Promise<number> => {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())
  try {
    const command = parseCommand(process.argv.slice(2), Date.now())
    if (command.verb === 'help') {
      console.log(helpText)
      return exitCodes.done
    }
    return await run(command, stop.signal)
  } catch (error) {
    if (stop.signal.aborted) {
      console.error('interrupted; what was replayed until then is marked, or will be found by the next run')
      return exitCodes.interrupted
    }
    if (error instanceof UsageError) {
      console.error(`dead-letters: ${error.message}. --help lists what there is`)
      return exitCodes.usage
    }
    if (error instanceof Fault) console.error(`dead-letters: ${error.code}: ${error.message}${adviceFor(error)}`)
    else if (isOfFile(error)) console.error(`dead-letters: ${error.message}`)
    else throw error
    return exitCodes.failed
  }
}

process.exitCode = await main()
