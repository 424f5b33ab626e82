import { oneProcess as figure, single } from './measured.ts'
import { measureSessions } from './measured-sessions.ts'
import type { Results } from './results.ts'

/** Of the parts' own arrangements. */
const likesOfFlood = 400_000
const restoredRooms = 100_000
const fanOutSeconds = 15
/** Comments a second: each is one append, and one fetch of the server's. */
const [fewComments, manyComments] = [10, 200]

/** What things cost the other services, the broker and the logs; processor times in µs. */
export const measureSystem = (results: Results) => {
  const alone = single(results)
  const decisionUs = results.median('throughput', 'streams, invites and refusals', 'stateMachineCpuPerMillion')
  const inputs = results.median('pace', '200/s', 'inputs')
  const ofPace = (figureName: string): number => results.median('pace', '200/s', figureName)
  const likes = (name: string): number => results.median('likes', name, 'stateMachineCpuSeconds')
  const restore = (figureName: string): number => results.median('restore', 'after kill -9', figureName)
  return {
    ingestRequestUs: figure('ingest answers a request, without its append', 'µs', alone('ingestRequestUs')),
    ingestStateUs: figure('ingest takes in a new state of a room', 'µs', alone('ingestStateUs')),
    ingestRoomKib: figure('memory of a room at an ingest', 'KiB', alone('ingestRoomKib')),
    decisionUs: figure('the state-machine decides an input, in large transactions', 'µs', decisionUs, ['throughput']),
    transactionUs: figure(
      'a transaction of the state-machine, besides its inputs',
      'µs',
      (ofPace('stateMachineCpuSeconds') * 1e6) / inputs - decisionUs,
      ['pace', 'throughput'],
    ),
    brokerTransactionUs: figure(
      'a transaction at the broker, with the append of its input',
      'µs',
      (ofPace('brokerCpuSeconds') * 1e6) / inputs,
      ['pace'],
    ),
    brokerRequestUs: figure('another request to a broker', 'µs', requestUs(results), ['fan-out']),
    transactionMs: figure(
      'from an input to the end of its transaction, under load',
      'ms',
      results.median('pace', '2000/s', 'appendP50Ms'),
      ['pace'],
    ),
    likeUs: figure(
      'the state-machine counts a like',
      'µs',
      ((likes('likes to many') - likes('no likes')) * 1e6) / likesOfFlood,
      ['likes'],
    ),
    stateMachineBaseMib: figure(
      'memory of a state-machine, of any ingest and mixer',
      'MiB',
      results.median('pace', '2000/s', 'stateMachineRssMiB'),
      ['pace'],
    ),
    stateMachineRoomKib: figure(
      'memory of a room at its state-machine',
      'KiB',
      ((restore('stateMachineRssMiB') - ofPace('stateMachineRssMiB')) * 1024) / restoredRooms,
      ['restore', 'pace'],
    ),
    assignmentSeconds: figure(
      'after a kill, until others get the partitions',
      's',
      restore('startToAssignmentSeconds'),
      ['restore'],
    ),
    restoreUs: figure(
      'a room is restored',
      'µs',
      (restore('assignmentToEveryPartitionSeconds') * 1e6) / restoredRooms,
      ['restore'],
    ),
    commandUs: figure(
      'the mixer carries out a command',
      'µs',
      results.median('mix-commands', 'aliyun, one partition', 'mixerCpuMsPerCommand') * 1_000,
      ['mix-commands'],
    ),
    ...measureSessions(alone),
    seriesPerInstance: figure(
      'series that Prometheus gets of an instance',
      '',
      results.median('observability-cost', 'scrapes of an edge', 'series'),
      ['observability-cost'],
    ),
    noise: figure(
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

/** From the difference between few and many comments, of all servers that were measured side by side. */
const requestUs = (results: Results): number => {
  const servers = ['bare', 'edge', 'edgeAcks']
  const seconds = (rate: number): number =>
    servers
      .map((server) => results.median('fan-out', `${server}, ${rate} comments/s`, 'brokerCpuSeconds'))
      .reduce((sum, one) => sum + one, 0)
  const requests = servers.length * 2 * (manyComments - fewComments) * fanOutSeconds
  return ((seconds(manyComments) - seconds(fewComments)) * 1e6) / requests
}
