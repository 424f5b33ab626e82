import { waitUntil } from '../../../deploy/local/wait.ts'
import { topics } from '../../../schemas/topics.ts'
import { partitionFor } from '../../../services/shared/kafka/partitioner.ts'
import { metricSum } from '../../support/metric-sum.ts'
import { readMetrics } from '../../support/read-metrics.ts'
import { appendAll, create, createInputWriter, mintRooms } from '../inputs.ts'
import { fetchEnds, readPushTimes, untilCommitted } from '../outputs.ts'
import type { PartOptions } from '../part.ts'
import { partitions, type Stage, type StateMachine } from '../stage.ts'
import { lifelike } from '../throughput.ts'
import { lastAssignment } from './last-assignment.ts'
import type { Seat } from './slices.ts'
import { inTrace, type Variant } from './variants.ts'

const joinWithinMs = 60_000
const withinMs = 60_000

/**
 * Starts a state-machine for each variant. They share the partitions out among themselves; each one's work is a log of inputs that is
 * filled while it is stopped (SIGSTOP, for less than its session), and that it then takes through its transactions as fast as it can.
 */
export const withStateMachines = async (
  stage: Stage,
  variants: readonly Variant[],
  /** Of all; `rounds`: of ten inputs to each of a process' rooms, in one slice. */
  { rooms: roomCount, rounds }: { readonly rooms: number; readonly rounds: number },
  { signal }: PartOptions,
  use: (seats: readonly Seat[]) => Promise<void>,
): Promise<void> => {
  const write = createInputWriter(stage.codec)
  const rooms = mintRooms(roomCount)
  const created = await appendAll(
    stage.producer,
    rooms.map((roomId) => create(write, roomId)),
    signal,
  )
  const running: { readonly variant: Variant; readonly machine: StateMachine }[] = []
  try {
    for (const variant of variants) {
      const machine = await stage.createService('state-machine', nextName(), variant.env)
      await machine.start()
      running.push({ variant, machine })
    }
    await Promise.all(running.map(({ machine }) => machine.ready()))
    const shares = async (): Promise<readonly (readonly number[])[]> =>
      Promise.all(running.map(async ({ machine }) => lastAssignment(await machine.readLog())))
    const isShared = async (): Promise<boolean> => {
      const all = (await shares()).flat()
      return all.length === partitions && new Set(all).size === partitions
    }
    if (!(await waitUntil(isShared, { deadlineMs: joinWithinMs, signal }))) throw new Error('the group does not settle')
    await untilCommitted({ kafka: stage.kafka, next: created.next, deadlineMs: withinMs, signal })

    const seats: Seat[] = []
    for (const [index, own] of (await shares()).entries()) {
      const { variant, machine } = running[index] ?? {}
      if (variant === undefined || machine === undefined) continue
      const ownRooms = rooms.filter((roomId) => own.includes(partitionFor(roomId, partitions)))
      seats.push({
        variant,
        pid: await machine.pid(),
        work: () => takeThrough(stage, { variant, machine, rooms: ownRooms, rounds }, signal),
      })
    }
    await use(seats)
    for (const { variant, machine } of running) {
      const counted = metricSum(await readMetrics(machine.adminUrl), 'roomcast_inputs_total')
      if (counted > 0 !== variant.hasMetrics) throw new Error(`${variant.name}: ${counted} inputs are counted`)
    }
  } finally {
    await Promise.all(running.map(({ machine }) => machine.stop()))
  }
}

let started = 0
const nextName = (): string => {
  started += 1
  return `state-machine-${started}`
}

const takeThrough = async (
  { kafka, producer, codec }: Stage,
  {
    variant,
    machine,
    rooms,
    rounds,
  }: {
    readonly variant: Variant
    readonly machine: StateMachine
    readonly rooms: readonly string[]
    readonly rounds: number
  },
  signal: AbortSignal,
): ReturnType<Seat['work']> => {
  const write = createInputWriter(codec)
  const pushed = await fetchEnds(kafka, topics.pushSignal.name)
  const inputs = [...lifelike.inputs(write, rooms, rooms.length * 10 * rounds)]
  const messages = inputs.map((message) => inTrace(message, variant))
  machine.signal('SIGSTOP')
  const filled = await appendAll(producer, messages, signal).finally(() => machine.signal('SIGCONT'))
  await untilCommitted({ kafka, next: filled.next, deadlineMs: withinMs, signal })
  const times = await readPushTimes(kafka, pushed, signal)
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000
  return { count: filled.count, figures: { inputsPerSecond: Math.round(filled.count / seconds) } }
}
