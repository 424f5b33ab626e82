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
usage: node deploy/kafka/room-states.ts [--yes] [--without-schema]

Finds the rooms whose newest state in room.state.v1 cannot be read: because of one of them the state-machine cannot take over
its partition. Says what is to take its place: the room's former state, or its end where the log has none.

  --yes             does it; not if the registry lacks the schema of one of them: it may have lost schemas that good states were
                    written with. Restore it then, and all is well; a former state would undo what was decided since
  --without-schema  does it then, too: the registry has lost nothing, somebody wrote what no registry ever knew

Settings, from the environment: KAFKA_BROKERS and the other KAFKA_…, SCHEMA_REGISTRY_URL. With ACLs as the user of the state-machine.

Exit code: 0 every state can be read; 1 failed; 2 without --yes: something would be done; 3 refused, as a schema is missing;
64 these arguments are unknown.`

const exitCodes = { done: 0, failed: 1, toDo: 2, refused: 3, usage: 64 } as const

const registryTimeoutMs = 5_000
const withinMs = 10 * 60_000

const describe = ({ partition, offset, room, why, former }: BadState): string =>
  `  ${partition}/${offset}  room ${JSON.stringify(room)}: ${why}; ` +
  (former === undefined
    ? 'no former state: the room ends'
    : `its state of ${partition}/${former.offset} takes the place`)

type Wish = { readonly yes: boolean; readonly 'without-schema': boolean }

const run = async (wish: Wish): Promise<number> => {
  const config = readConfig(z.object({ ...kafkaConfig, ...registryConfig }), process.env)
  const log = silentLog
  const kafka = createKafka({ ...kafkaSettings(config), clientId: 'roomcast-room-states', log })
  const codec = createCodec({ registryUrl: registryAddress(config), timeoutMs: registryTimeoutMs, log })
  const access = { kafka, codec, log, signal: AbortSignal.timeout(withinMs) }
  const bad = await findBadStates(access)
  for (const state of bad) console.log(describe(state))
  if (bad.length === 0) {
    console.log('every state can be read')
    return exitCodes.done
  }
  if (!wish.yes) {
    console.log(`nothing was written. With --yes ${bad.length} state(s) are mended`)
    return exitCodes.toDo
  }
  const withoutSchema = bad.filter(({ isSchemaMissing }) => isSchemaMissing).length
  if (withoutSchema > 0 && !wish['without-schema']) {
    console.log(
      `nothing was written: the registry has no schema of ${withoutSchema} state(s). Has it lost any? Restore it. If not: --without-schema`,
    )
    return exitCodes.refused
  }
  let mended = 0
  for (const partition of new Set(bad.map((state) => state.partition)))
    mended += (await mendPartition(partition, access)).length
  console.log(`${mended} state(s) mended`)
  return exitCodes.done
}

const adviceFor = (fault: Fault): string =>
  isFault(fault, 'PRODUCER_FENCED')
    ? '. A state-machine tried to take the partition over at the same moment; nothing was written there: run it again'
    : ''

const main = async (): Promise<number> => {
  try {
    const flag = { type: 'boolean', default: false } as const
    const { values } = parseArgs({ options: { yes: flag, 'without-schema': flag, help: flag } })
    if (!values.help) return await run(values)
    console.log(usage)
    return exitCodes.done
  } catch (error) {
    if (isWrongUsage(error)) {
      console.error(`${error.message}\n\n${usage}`)
      return exitCodes.usage
    }
    console.error(error instanceof Fault ? `room-states: ${error.message}${adviceFor(error)}` : error)
    return exitCodes.failed
  }
}

process.exitCode = await main()
