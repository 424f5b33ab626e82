import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { findFreePort } from '../../deploy/local/ports.ts'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startKafka } from './kafka.ts'
import { createServiceProcess } from './service-process.ts'

/** As many as local runs have: the broker may be shared with other tests. */
const partitions = 12

/**
 * A broker with roomcast's topics, a codec that writes its inputs, and a process of the state-machine that is not started yet. All of it
 * ends with the test.
 * @param env of the process, besides where broker and registry are
 */
export const openStateMachineStage = async (
  t: TestContext,
  { env = {}, signal }: { readonly env?: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => {
  const broker = await startKafka()
  t.after(broker.stop)
  const { brokers, kafka, registryUrl } = broker
  const settings = { kafka: { brokers, ssl: false, sasl: null }, registryUrl, partitions, replication: 1 }
  await setup({ ...settings, log: silentLog, signal })
  const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
  for (const topic of [topics.roomInput, topics.pushLike]) await codec.prepare(topic, signal)
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-state-machine-'))
  const machine = createServiceProcess({
    dataDir,
    service: 'state-machine',
    name: 'state-machine',
    adminPort: await findFreePort(new Set()),
    env: {
      ...process.env,
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      DATA_DIR: dataDir,
      ...env,
    },
  })
  t.after(async () => {
    // Its pid is in the folder.
    await machine.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return { brokers, kafka, codec, machine, partitions }
}
