import { setTimeout as sleep } from 'node:timers/promises'
import { topics } from '../../schemas/topics.ts'
import { appendAll, create, createInputWriter, mintRooms, stream } from './inputs.ts'
import { median, round } from './median.ts'
import { fetchEnds, readPushTimes, untilCommitted } from './outputs.ts'
import type { Case, Figures, Part, PartOptions } from './part.ts'
import { partitions, withStage, type Stage, type StateMachine } from './stage.ts'
import { startEvents } from './start-events.ts'
import { epochNow, loadNow, startUsageSampler } from './usage-sampler.ts'

const withinMs = 300_000
/** After this the memory is looked at again. */
const calmMs = 5_000

type End = {
  readonly name: string
  readonly about: string
  readonly end: (stateMachine: StateMachine) => Promise<void>
}

const ends: readonly End[] = [
  {
    name: 'after kill -9',
    about: 'the group waits for the dead member until its session of 6 s has passed',
    end: (stateMachine) => stateMachine.kill(),
  },
  { name: 'after SIGTERM', about: 'the member has left the group', end: (stateMachine) => stateMachine.stop() },
]

/**
 * Ends the state-machine, appends an input for each partition, starts it again, and looks at when each was answered.
 * @param rooms one of each partition at least, by turns
 */
const measureOnce = async (
  stage: Stage,
  stateMachine: StateMachine,
  { end, rooms, run }: { readonly end: End; readonly rooms: readonly string[]; readonly run: number },
  { say, signal }: PartOptions,
): Promise<Figures> => {
  const { kafka, codec, producer, brokerPid } = stage
  const write = createInputWriter(codec)
  await end.end(stateMachine)
  const pushed = await fetchEnds(kafka, topics.pushSignal.name)
  // All rooms are pushing, or have been interrupted by the run before.
  const action = run % 2 === 0 ? 'publish_done' : 'publish'
  const { next } = await appendAll(
    producer,
    rooms.slice(0, partitions).map((roomId) => stream(write, roomId, action)),
    signal,
  )
  const load1 = loadNow()
  const startedAt = epochNow()
  await stateMachine.start()
  const sampler = startUsageSampler({ stateMachine: await stateMachine.pid(), broker: brokerPid })
  try {
    await untilCommitted({ kafka, next, deadlineMs: withinMs, signal })
    await sleep(calmMs, undefined, { signal })
  } finally {
    await sampler.stop()
  }
  const times = await readPushTimes(kafka, pushed, signal)
  if (times.length !== partitions)
    throw new Error(`${times.length} pushes, not one of each of ${partitions} partitions`)
  const lastAt = times.at(-1) ?? 0
  const { joinedAt, slowestTakeOverSeconds } = startEvents(await stateMachine.readLog(), startedAt)
  const figures = {
    startToEveryPartitionSeconds: round((lastAt - startedAt) / 1_000),
    startToAssignmentSeconds: round((joinedAt - startedAt) / 1_000),
    assignmentToEveryPartitionSeconds: round((lastAt - joinedAt) / 1_000),
    assignmentToMedianPartitionSeconds: round((median([...times]) - joinedAt) / 1_000),
    slowestTakeOverSeconds,
    ...sampler.between(startedAt, lastAt),
    rssAfterwardsMiB: sampler.between(lastAt, lastAt + calmMs)['stateMachineRssMiB'] ?? 0,
    load1,
  }
  say(
    `${end.name}: ${figures.startToEveryPartitionSeconds} s from the start, ` +
      `${figures.assignmentToEveryPartitionSeconds} s from the assignment`,
  )
  return figures
}

/** How long a state-machine with many rooms is away when it ends and is started again. */
export const restorePart: Part = {
  name: 'restore',
  about:
    'from the start of a process to the first decided input in every one of 12 partitions, with many rooms to be restored',
  measure: (options) =>
    withStage(options, async (stage): Promise<readonly Case[]> => {
      const { runs, isQuick, say, signal } = options
      const { kafka, codec, producer } = stage
      const rooms = mintRooms(isQuick ? 6_000 : 100_000)
      const write = createInputWriter(codec)
      const stateMachine = await stage.createStateMachine('state-machine')
      say(`creating ${rooms.length} rooms that push …`)
      await appendAll(
        producer,
        rooms.map((roomId) => create(write, roomId)),
        signal,
      )
      const filled = await appendAll(
        producer,
        rooms.map((roomId) => stream(write, roomId, 'publish')),
        signal,
      )
      await stateMachine.start()
      await untilCommitted({ kafka, next: filled.next, deadlineMs: withinMs, signal })
      const cases: Case[] = []
      let run = 0
      for (const end of ends) {
        const measured: Figures[] = []
        for (let count = 0; count < runs; count++) {
          measured.push(await measureOnce(stage, stateMachine, { end, rooms, run: run++ }, options))
        }
        cases.push({ name: end.name, about: `${rooms.length} rooms; ${end.about}`, runs: measured })
      }
      return cases
    }),
}
