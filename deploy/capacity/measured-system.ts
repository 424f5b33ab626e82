import { measured, single, systemPart } from './measured.ts'
import { measureSessions } from './measured-sessions.ts'
import type { Results } from './results.ts'

/** Of the parts' own arrangements. */
const likesOfFlood = 400_000
const restoredRooms = 100_000
const fanOutSeconds = 12
const paceSeconds = 30
/** Comments a second: each is one append, and one fetch of the server's. */
const [fewComments, manyComments] = [10, 200]

/** What things cost the other services, the broker and the logs; processor times in µs. */
export const measureSystem = (results: Results) => {
  const alone = single(results)
  const decisionUs = results.median('throughput', 'streams, invites and refusals', 'stateMachineCpuPerMillion')
  const inputs = results.median('pace', '200/s', 'inputs')
  const ofPace = (figureName: string): number => results.median('pace', '200/s', figureName)
  const ofSystem = (figureName: string): number => results.median(systemPart, 'usual', figureName)
  const idleCores = ofSystem('mixerCores')
  const brokerIdleCores = ofBroker(results, fewComments) / fanOutSeconds - (2 * fewComments * requestUs(results)) / 1e6
  const likes = (name: string): number => results.median('likes', name, 'stateMachineCpuSeconds')
  const restore = (figureName: string): number => results.median('restore', 'after kill -9', figureName)
  return {
    ingestRequestUs: measured('ingest answers a request, without its append', 'µs', alone('ingestRequestUs')),
    ingestStateUs: measured('ingest takes in a new state of a room', 'µs', alone('ingestStateUs')),
    ingestRoomKib: measured('memory of a room at an ingest', 'KiB', alone('ingestRoomKib')),
    decisionUs: measured('the state-machine decides an input, in large transactions', 'µs', decisionUs, ['throughput']),
    transactionUs: measured(
      'a transaction of the state-machine, besides its inputs',
      'µs',
      ((ofPace('stateMachineCpuSeconds') - paceSeconds * idleCores) * 1e6) / inputs - decisionUs,
      ['pace', 'throughput'],
    ),
    brokerTransactionUs: measured(
      'a transaction at the broker, with the append of its input',
      'µs',
      ((ofPace('brokerCpuSeconds') - paceSeconds * brokerIdleCores) * 1e6) / inputs,
      ['pace', 'fan-out'],
    ),
    brokerRequestUs: measured('another request to a broker', 'µs', requestUs(results), ['fan-out']),
    brokerIdleCores: measured('a broker that is asked next to nothing', 'cores', brokerIdleCores, ['fan-out']),
    kafkaTransactionBytes: measured(
      'what Kafka writes for itself of a transaction',
      'B',
      ofSystem('ofKafkaBytes') / ofSystem('transactions'),
      [systemPart],
    ),
    idleCores: measured('a service that has next to nothing to do', 'cores', idleCores, [systemPart]),
    transactionMs: measured(
      'from an input to the end of its transaction, under load',
      'ms',
      results.median('pace', '2000/s', 'appendP50Ms'),
      ['pace'],
    ),
    likeUs: measured(
      'the state-machine counts a like',
      'µs',
      ((likes('likes to many') - likes('no likes')) * 1e6) / likesOfFlood,
      ['likes'],
    ),
    stateMachineBaseMib: measured(
      'memory of a state-machine, of any ingest and mixer',
      'MiB',
      results.median('pace', '2000/s', 'stateMachineRssMiB'),
      ['pace'],
    ),
    stateMachineRoomKib: measured(
      'memory of a room at its state-machine',
      'KiB',
      ((restore('stateMachineRssMiB') - ofPace('stateMachineRssMiB')) * 1024) / restoredRooms,
      ['restore', 'pace'],
    ),
    assignmentSeconds: measured(
      'after a kill, until others get the partitions',
      's',
      restore('startToAssignmentSeconds'),
      ['restore'],
    ),
    restoreUs: measured(
      'a room is restored',
      'µs',
      (restore('assignmentToEveryPartitionSeconds') * 1e6) / restoredRooms,
      ['restore'],
    ),
    commandUs: measured(
      'the mixer carries out a command',
      'µs',
      results.median('mix-commands', 'aliyun, one partition', 'mixerCpuMsPerCommand') * 1_000,
      ['mix-commands'],
    ),
    ...measureSessions(alone),
    seriesPerInstance: measured(
      'series that Prometheus gets of an instance',
      '',
      results.median('observability-cost', 'scrapes of an edge', 'series'),
      ['observability-cost'],
    ),
    noise: measured(
      'by what share processor time differs between runs of the same, at most',
      '',
      Math.max(
        ...results
          .runs('observability-cost', 'edge, metrics off, again', 'differencePercent')
          .map((one) => Math.abs(one)),
      ) / 100,
      ['observability-cost'],
    ),
  }
}

const servers = ['bare', 'edge', 'edgeAcks']

/** Processor seconds of the broker at so many comments a second, on average over the servers that were measured side by side. */
const ofBroker = (results: Results, rate: number): number =>
  servers
    .map((server) => results.median('fan-out', `${server}, ${rate} comments/s`, 'brokerCpuSeconds'))
    .reduce((sum, one) => sum + one, 0) / servers.length

/** From the difference between few and many comments. */
const requestUs = (results: Results): number =>
  ((ofBroker(results, manyComments) - ofBroker(results, fewComments)) * 1e6) /
  (2 * (manyComments - fewComments) * fanOutSeconds)
