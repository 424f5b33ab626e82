// Rooms whose state nobody can read: `node deploy/kafka/room-states.ts --help`, and deploy/RUNBOOK.md.
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { createCodec } from '../../services/shared/codec/codec.ts'
import {
  kafkaConfig,
  kafkaSettings,
  readConfig,
  registryAddress,
  registryConfig,
} from '../../services/shared/config.ts'
import { Fault, isFault } from '../../services/shared/fault.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import { findBadStates, mendPartition, type BadState } from './mend-states.ts'
import { isWrongUsage } from './wrong-usage.ts'

const usage = `\
usage: node deploy/kafka/room-states.ts [--yes]

Finds the rooms whose newest state in room.state.v1 cannot be read: because of one of them the state-machine cannot take over
its partition. Says what is to take its place: the room's former state, or its end where the log has none. Where the registry
has lost schemas, restore it and mend nothing: a former state would undo what was decided since.

  --yes   does it

Settings, from the environment: KAFKA_BROKERS and the other KAFKA_…, SCHEMA_REGISTRY_URL. With ACLs as the user of the state-machine.

Exit code: 0 every state can be read; 1 failed; 2 without --yes: something would be done; 64 these arguments are unknown.`

const registryTimeoutMs = 5_000
const withinMs = 10 * 60_000

const describe = ({ partition, offset, room, why, former }: BadState): string =>
  `  ${partition}/${offset}  room ${JSON.stringify(room)}: ${why}; ` +
  (former === undefined
    ? 'no former state: the room ends'
    : `its state of ${partition}/${former.offset} takes the place`)

const run = async (isToDo: boolean): Promise<number> => {
  const config = readConfig(z.object({ ...kafkaConfig, ...registryConfig }), process.env)
  const log = silentLog
  const kafka = createKafka({ ...kafkaSettings(config), clientId: 'roomcast-room-states', log })
  const codec = createCodec({ registryUrl: registryAddress(config), timeoutMs: registryTimeoutMs, log })
  const access = { kafka, codec, log, signal: AbortSignal.timeout(withinMs) }
  const bad = await findBadStates(access)
  for (const state of bad) console.log(describe(state))
  if (bad.length === 0) console.log('every state can be read')
  else if (!isToDo) console.log(`nothing was written. With --yes ${bad.length} state(s) are mended`)
  if (bad.length === 0 || !isToDo) return bad.length === 0 ? 0 : 2
  let mended = 0
  for (const partition of new Set(bad.map((state) => state.partition)))
    mended += (await mendPartition(partition, access)).length
  console.log(`${mended} state(s) mended`)
  return 0
}

const adviceFor = (fault: Fault): string =>
  isFault(fault, 'PRODUCER_FENCED')
    ? '. A state-machine tried to take the partition over at the same moment; nothing was written there: run it again'
    : ''

const main = async (): Promise<number> => {
  try {
    const options = { yes: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const
    const { values } = parseArgs({ options })
    if (!values.help) return await run(values.yes)
    console.log(usage)
    return 0
  } catch (error) {
    if (isWrongUsage(error)) {
      console.error(`${error.message}\n\n${usage}`)
      return 64
    }
    console.error(error instanceof Fault ? `room-states: ${error.message}${adviceFor(error)}` : error)
    return 1
  }
}

process.exitCode = await main()
