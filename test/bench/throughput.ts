import { topics } from '../../schemas/topics.ts'
import type { OutgoingMessage } from '../../services/shared/kafka/message.ts'
import { appendAll, create, createInputWriter, mintRooms, stream, type InputWriter } from './inputs.ts'
import { median, round } from './median.ts'
import { fetchEnds, readPushTimes, untilCommitted } from './outputs.ts'
import type { Case, Figures, Part, PartOptions } from './part.ts'
import { withStage, type Stage, type StateMachine } from './stage.ts'
import { loadNow, startUsageSampler } from './usage-sampler.ts'

const roomCount = 2_000
const withinMs = 600_000

export type Mix = {
  readonly name: string
  readonly about: string
  /** Inputs of rooms that exist and are not pushing; the same again may follow. */
  readonly inputs: (write: InputWriter, rooms: readonly string[], count: number) => Iterable<OutgoingMessage>
}

const alternating: Mix = {
  name: 'publish and publish_done by turns',
  about: 'every input changes its room and pushes one message; 2,000 rooms, 12 partitions',
  inputs: function* (write, rooms, count) {
    for (let index = 0; index < count; index++) {
      const roomId = rooms[index % rooms.length] ?? ''
      yield stream(write, roomId, Math.floor(index / rooms.length) % 2 === 0 ? 'publish' : 'publish_done')
    }
  },
}

/** One round in a room; of ten inputs seven push, two change nothing, and four answer a request. */
const roundOf = (write: InputWriter, roomId: string): readonly (() => OutgoingMessage)[] => {
  const uid = `host-${roomId}`
  const invite = (fan: string): OutgoingMessage =>
    write('CohostInviteRequested', {
      roomId,
      inviterUid: fan,
      inviterName: null,
      inviteeUid: uid,
      inviteeName: null,
      inviteeRoomId: null,
      type: 'side_by_side',
      inviterType: 1,
    })
  return [
    () => stream(write, roomId, 'publish'),
    () => stream(write, roomId, 'publish'),
    () => write('AudienceJoined', { roomId, uid: 'fan-1', name: 'Fan 1' }),
    () => invite('fan-1'),
    () => write('MixAvailabilityNotified', { roomId, cloudTime: null }),
    () => invite('fan-2'),
    () => write('CohostFeedbackRequested', { roomId, inviterUid: 'fan-1', inviteeUid: uid, status: 2 }),
    () => write('CohostCancelRequested', { roomId, inviterUid: 'fan-2', inviteeUid: uid }),
    () => stream(write, roomId, 'publish_done'),
    () => write('AudienceLeft', { roomId, uid: 'fan-1' }),
  ]
}

export const lifelike: Mix = {
  name: 'streams, invites and refusals',
  about:
    'of ten inputs: publish twice, joined, invite, MixAvailable, invite, refuse, cancel, publish_done, left: six pushes, four outcomes ' +
    'of requests, seven changes of the room; 2,000 rooms, 12 partitions',
  inputs: function* (write, rooms, count) {
    const rounds = rooms.map((roomId) => roundOf(write, roomId))
    for (let index = 0; index < count; index++) {
      const steps = rounds[index % rooms.length] ?? []
      const step = steps[Math.floor(index / rooms.length) % steps.length]
      if (step !== undefined) yield step()
    }
  },
}

/** Fills room.input while no state-machine runs, starts one, and looks at when its outputs were appended. */
const measureOnce = async (
  stage: Stage,
  stateMachine: StateMachine,
  { mix, rooms, count }: { readonly mix: Mix; readonly rooms: readonly string[]; readonly count: number },
  { say, signal }: PartOptions,
): Promise<Figures> => {
  const { kafka, producer, codec, brokerPid } = stage
  const load1 = loadNow()
  const write = createInputWriter(codec)
  const pushed = await fetchEnds(kafka, topics.pushSignal.name)
  const filled = await appendAll(producer, mix.inputs(write, rooms, count), signal)
  await stateMachine.start()
  const sampler = startUsageSampler({ stateMachine: await stateMachine.pid(), broker: brokerPid })
  try {
    await untilCommitted({ kafka, next: filled.next, deadlineMs: withinMs, signal })
  } finally {
    await sampler.stop()
  }
  await stateMachine.stop()
  const times = await readPushTimes(kafka, pushed, signal)
  const first = times[0] ?? 0
  const last = times.at(-1) ?? 0
  const seconds = (last - first) / 1_000
  const secondHalf = (last - median([...times])) / 1_000
  const usage = sampler.between(first, last)
  const figures = {
    inputsPerSecond: Math.round(filled.count / seconds),
    secondHalfPerSecond: Math.round(filled.count / 2 / secondHalf),
    stateMachineCpuPerMillion: round(((usage['stateMachineCpuSeconds'] ?? 0) / filled.count) * 1e6),
    brokerCpuPerMillion: round(((usage['brokerCpuSeconds'] ?? 0) / filled.count) * 1e6),
    pushesPerInput: round(times.length / filled.count),
    seconds: round(seconds),
    ...usage,
    load1,
  }
  say(`${mix.name}: ${figures.inputsPerSecond} inputs/s, ${figures.stateMachineCpuPerMillion} CPU s per million`)
  return figures
}

/** Saturation: how many inputs one process takes through its transactions. */
export const throughputPart: Part = {
  name: 'throughput',
  about:
    'inputs per second of one state-machine over 12 partitions, from the first to the last transaction of a log filled beforehand',
  measure: (options) =>
    withStage(options, async (stage) => {
      const { runs, isQuick, say, signal } = options
      // A multiple of all rounds in all rooms: each run leaves the rooms as it found them.
      const count = (isQuick ? 1 : 20) * 10 * roomCount
      const stateMachine = await stage.createStateMachine('state-machine')
      const write = createInputWriter(stage.codec)
      const cases: Case[] = []
      for (const mix of [alternating, lifelike]) {
        const rooms = mintRooms(roomCount)
        await appendAll(
          stage.producer,
          rooms.map((roomId) => create(write, roomId)),
          signal,
        )
        const measureSome = async (what: string, some: number): Promise<Figures> => {
          say(`${mix.name}, ${what}: filling room.input with ${some} inputs …`)
          return measureOnce(stage, stateMachine, { mix, rooms, count: some }, options)
        }
        // The broker compiles itself for a while; the state-machine begins anew each time, as it does in life.
        await measureSome('warm-up', isQuick ? count : count / 2)
        const measured: Figures[] = []
        for (let run = 1; run <= runs; run++) measured.push(await measureSome(`run ${run}`, count))
        cases.push({ name: mix.name, about: mix.about, runs: measured })
      }
      return cases
    }),
}
