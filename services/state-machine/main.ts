import { topics } from '../../schemas/topics.ts'
import { createCodec } from '../shared/codec/codec.ts'
import { monotonicClock } from '../shared/clock.ts'
import { createDeadLetters } from '../shared/dead-letter.ts'
import { Fault } from '../shared/fault.ts'
import { createBatchingProducer } from '../shared/kafka/batching-producer.ts'
import { createKafkaMetrics } from '../shared/kafka-metrics.ts'
import { createKafka } from '../shared/kafka/client.ts'
import { createGroupConsumer } from '../shared/kafka/group-consumer.ts'
import { fetchPartitionCount, fetchStableEnds } from '../shared/kafka/offsets.ts'
import { createRecordReader } from '../shared/record-reader.ts'
import { runService } from '../shared/service.ts'
import { createAppender } from './adapters/appender.ts'
import { createInputReader } from './adapters/inputs.ts'
import { createLikeLane } from './adapters/likes.ts'
import { openJournal } from './adapters/journal.ts'
import { createBrokerClock } from './broker-clock.ts'
import { readStateMachineConfig } from './config.ts'
import { createLostLikes, createStateMachineLag, createTaskMetrics } from './metrics.ts'
import { createRules } from './rules.ts'
import { createTask } from './task.ts'
import { startTasks } from './tasks.ts'
import { createWatchdog, watch } from './watchdog.ts'

const groupId = 'state-machine'
/** How often a partition is found standing still before that is believed. */
const watchdogLooks = 3

await runService({
  name: 'state-machine',
  config: () => readStateMachineConfig(process.env),
  start: async ({ config, log, metrics, tracing, readiness, lifecycle, fail }) => {
    readiness.set('registry', false)
    readiness.set('partitions', false)
    const { signal } = lifecycle
    const kafka = createKafka({
      ...config.kafka,
      clientId: 'roomcast-state-machine',
      requests: createKafkaMetrics(metrics),
      log,
    })
    const codec = createCodec({ registryUrl: config.registryUrl, timeoutMs: 2_000, log })
    for (const topic of [
      topics.roomInput,
      topics.pushSignal,
      topics.requestOutcome,
      topics.mixCommand,
      topics.roomState,
      topics.pushLike, // to be read
    ]) {
      await codec.prepare(topic, signal)
    }
    readiness.set('registry', true)

    const producer = await createBatchingProducer({
      kafka,
      maxBufferedMessages: 20_000,
      maxBufferedBytes: 32 * 1024 * 1024,
      deliveryTimeoutMs: 10_000,
      log,
    })
    lifecycle.onClose(() => producer.close())

    const partitions = await fetchPartitionCount({ kafka, topic: topics.roomInput.name, signal })
    const deadLetters = createDeadLetters({ producer, service: 'state-machine', metrics, log })
    const records = createRecordReader({ codec, deadLetters, metrics, log, signal })
    const lagOf = createStateMachineLag(metrics)
    const inputLag = lagOf(topics.roomInput.name)
    const readInput = createInputReader({ records, partitions })
    const likeLane = await createLikeLane({
      kafka,
      records,
      lag: lagOf(topics.pushLike.name),
      onLost: createLostLikes(metrics),
      log,
      signal,
    })
    lifecycle.onClose(() => likeLane.close())
    const appender = createAppender({ producer, codec, tracing })
    const rules = createRules(config)
    const taskMetrics = createTaskMetrics(metrics)

    const tasks = await startTasks({
      joinGroup: (events) =>
        createGroupConsumer({
          ...events,
          kafka,
          groupId,
          topic: topics.roomInput.name,
          onCrash: fail,
          lag: inputLag,
          log,
        }),
      openJournal: (partition, taskSignal) =>
        openJournal({ kafka, codec, partition, groupId, signal: AbortSignal.any([signal, taskSignal]), log }),
      startTask: (options) =>
        createTask({
          ...options,
          readInput,
          giveUp: records.putAside,
          appender,
          likeLane,
          now: monotonicClock.now,
          clock: createBrokerClock(monotonicClock.now),
          rules,
          metrics: taskMetrics,
          lag: inputLag,
          groupId,
          tracing,
          log,
        }),
      metrics: taskMetrics,
      onReady: (isReady) => readiness.set('partitions', isReady),
      log,
    })
    lifecycle.onClose(() => tasks.close())

    const watchdog = createWatchdog({
      positions: tasks.positions,
      fetchEnds: (assigned) => fetchStableEnds({ kafka, topic: topics.roomInput.name, partitions: assigned, signal }),
      isWaiting: records.isWaiting,
      limit: watchdogLooks,
    })
    const watching = watch({
      watchdog,
      everyMs: config.stallLimitMs / watchdogLooks,
      onStalled: (partitions) => {
        readiness.set('progress', false)
        fail(new Fault('STALLED', `no progress for ${config.stallLimitMs} ms in partitions ${partitions.join(', ')}`))
      },
      log,
      signal,
    })
    lifecycle.onClose(() => watching)
  },
})
