import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../deploy/local/ports.ts'
import { describeFailure } from '../../deploy/local/ready.ts'
import { root } from '../../deploy/local/services.ts'
import { setup } from '../../deploy/local/setup.ts'
import { topics } from '../../schemas/topics.ts'
import type { AnyRecord, RecordName, Records } from '../../schemas/types.generated.ts'
import { createCodec } from '../../services/shared/codec/codec.ts'
import { createBatchingProducer } from '../../services/shared/kafka/batching-producer.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { fetchWatermarks } from '../../services/shared/kafka/offsets.ts'
import { partitionFor } from '../../services/shared/kafka/partitioner.ts'
import { readPartition } from '../../services/shared/kafka/reader.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startKafka } from '../support/kafka.ts'
import { createServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { createNewerWriter } from './dead-letters.newer-writer.ts'

export const partitions = 12
const input = topics.roomInput
const comesWithinMs = 60_000

/** A record as it stands in a log. */
export type Logged = {
  readonly partition: number
  readonly offset: number
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly decoded: AnyRecord | undefined
}

/** What inputs of the tests say: the live of Ann, her stream, and the status of a room whose live is pushed. */
export const create = { uid: 'ann', name: 'Ann', description: null }
export const publish = { action: 'publish', cloudTime: null }
export const pushing = 1

type Printed = { readonly code: number; readonly out: string }

/** A broker with all topics, a registry with all schemas, a state-machine, and the command. */
export const openStage = async () => {
  const signal = AbortSignal.timeout(200_000)
  const broker = await startKafka()
  const { brokers, kafka, registryUrl } = broker
  const settings = { kafka: { brokers, ssl: false, sasl: null }, registryUrl, partitions, replication: 1 }
  await setup({ ...settings, log: silentLog, signal })
  const codec = createCodec({ registryUrl, timeoutMs: 5_000, log: silentLog })
  for (const topic of [input, topics.pushComment, topics.pushLike, topics.requestOutcome])
    await codec.prepare(topic, signal)
  const limits = { maxBufferedMessages: 10_000, maxBufferedBytes: 32 << 20, deliveryTimeoutMs: 20_000 }
  const producer = await createBatchingProducer({ kafka, ...limits, log: silentLog })
  const dataDir = await mkdtemp(join(tmpdir(), 'roomcast-dead-letters-'))
  const env = { ...process.env, KAFKA_BROKERS: brokers.join(','), SCHEMA_REGISTRY_URL: registryUrl, DATA_DIR: dataDir }
  const machine = createServiceProcess({
    dataDir,
    service: 'state-machine',
    name: 'state-machine',
    adminPort: await findFreePort(new Set()),
    env,
  })
  await machine.start()
  await machine.ready()

  /** Waits for what the state-machine brings about; rejects, with the end of its log, when that has ended. */
  const waitFor = (awaited: string, condition: () => Promise<boolean>): Promise<void> =>
    until(
      awaited,
      async () => {
        if (await condition()) return true
        // Nobody brings it about any more.
        if (!(await machine.isRunning()))
          throw await describeFailure(dataDir, machine.name, `ended with ${await machine.ended()}`)
        return false
      },
      comesWithinMs,
    )

  /** A record: what all have, and what it says besides. */
  const record = <Body extends object>(roomId: string, body: Body) => ({
    eventId: randomUUID(),
    roomId,
    occurredAt: Date.now(),
    ...body,
  })

  const readLog = async (topic: string, partition: number): Promise<readonly Logged[]> => {
    const found: Logged[] = []
    const to = (await fetchWatermarks({ kafka, topic, partitions: [partition] })).get(partition)?.highWatermark ?? 0
    await readPartition({
      kafka,
      topic,
      partition,
      from: 'earliest',
      to,
      onMessages: async (messages) => {
        for (const { offset, key, value, headers } of messages) {
          const decoded =
            value === null
              ? undefined
              : await Promise.resolve(value)
                  .then(codec.decode)
                  .catch(() => undefined)
          found.push({
            partition,
            offset,
            key: key?.toString(),
            headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text.toString()])),
            decoded: decoded?.known === true ? decoded : undefined,
          })
        }
      },
    })
    return found
  }

  /** Records with a room's key in its own partition. */
  const recordsOf = async (roomId: string, topic: string = input.name): Promise<readonly Logged[]> =>
    (await readLog(topic, partitionFor(roomId, partitions))).filter(({ key }) => key === roomId)

  /** The newest state of a room; undefined: there is none. */
  const roomState = async (roomId: string): Promise<Records['Room'] | undefined> => {
    const last = (await recordsOf(roomId, topics.roomState.name)).at(-1)?.decoded
    return last?.type === 'Room' ? last.record : undefined
  }

  /** The letters of a room whose records stood in its own partition, or in the one after that. */
  const lettersOf = async (roomId: string): Promise<readonly Logged[]> => {
    const own = partitionFor(roomId, partitions)
    const all = [own, (own + 1) % partitions].map((one) => readLog(topics.deadLetter.name, one))
    return (await Promise.all(all))
      .flat()
      .filter(({ key, headers }) => key === roomId && headers['replayed-to'] === undefined)
  }

  return {
    kafka,
    codec,
    producer,
    record,
    send: (message: OutgoingMessage) => producer.send(message),
    /** Appends an input as it should be. */
    input: <N extends RecordName>(type: N, body: Records[N]) =>
      producer.send({ topic: input.name, key: body.roomId, value: codec.encode(input, type, body) }),
    newerWriter: (type: RecordName) => createNewerWriter(registryUrl, type),
    /** Appends an input that nobody can read. */
    junk: (roomId: string, headers: Readonly<Record<string, string>> = {}) =>
      producer.send({ topic: input.name, key: roomId, value: Buffer.from('no record of ours'), headers }),
    roomState,
    hasStatus: (roomId: string, status: number): Promise<void> =>
      waitFor(`room status ${status}`, async () => (await roomState(roomId))?.status === status),
    /** The inputs of a room that are replays. */
    replaysOf: async (roomId: string): Promise<readonly Logged[]> =>
      (await recordsOf(roomId)).filter(({ headers }) => headers['replayOf'] !== undefined),
    /** The places of a room's letters, oldest first, when there are so many. */
    lettersCome: async (roomId: string, count: number): Promise<readonly string[]> => {
      let letters: readonly Logged[] = []
      await waitFor(`${count} dead letters`, async () => (letters = await lettersOf(roomId)).length >= count)
      return letters.map(({ partition, offset }) => `${partition}/${offset}`)
    },
    writeJson: async (content: unknown): Promise<string> => {
      const file = join(dataDir, `${randomUUID()}.json`)
      await writeFile(file, JSON.stringify(content))
      return file
    },
    /** Runs the command; `out` is all that it printed. */
    run: (...args: readonly string[]): Promise<Printed> =>
      new Promise((resolve) => {
        const command = ['deploy/dead-letters/dead-letters.ts', ...args]
        execFile(process.execPath, command, { cwd: root, env, timeout: 60_000 }, (error, stdout, stderr) => {
          resolve({
            code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
            out: stdout + stderr,
          })
        })
      }),
    env,
    close: async (): Promise<void> => {
      await machine.stop()
      await producer.close()
      await broker.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
export type Stage = Awaited<ReturnType<typeof openStage>>
