import type { Board } from './board.ts'
import { deadLetters, instances, notReady, oldest, registryAway, slowKafka } from './first-row.ts'
import { graph, stat } from './panels.ts'
import { busy, createQueries, orZero, share } from './queries.ts'
import { units } from './units.ts'
import { processRow } from './rows/process.ts'
import { readingRow } from './rows/reading.ts'

const q = createQueries('service="mixer",instance=~"$instance"')
const commands = 'roomcast_mix_command_seconds'

export const mixer: Board = {
  uid: 'roomcast-mixer',
  title: 'roomcast: mixer',
  description: 'Carries mix commands to the video cloud and its answers back.',
  instancesOf: 'job="mixer"',
  rows: [
    {
      title: 'Does the cloud do what it is asked for?',
      lines: [
        [
          instances(['mixer']),
          notReady(q, 'part'),
          stat({
            title: 'Commands that failed, 10 min',
            unit: units.count,
            decimals: 0,
            queries: [
              q.increase(`${commands}_count`, '10m', {
                where: 'code=~"3000|3500"',
                by: 'code',
                legend: 'code {{code}}',
              }),
            ],
            steps: ['green', [1, 'orange'], [2, 'red']],
            shows:
              'Commands that ended with 3500, the InternalError of the cloud after all retries, or 3000, no answer in time or keys that are not valid.',
            normal: '0.',
            next: "3500: the cloud's status and quota; a restart of the mixer does not help. 3000: its network and keys.",
            heading: 'The video cloud answers InternalError',
          }),
          stat({
            title: 'Commands answered 200, 10 min',
            unit: units.share,
            decimals: 0,
            queries: [
              share(
                q.increase(`${commands}_count`, '10m', { where: 'code="200"' }),
                q.increase(`${commands}_count`, '10m'),
              ),
            ],
            steps: ['red', [0.5, 'orange'], [0.99, 'green']],
            none: 'no commands',
            shows: 'Part of the commands that the cloud carried out.',
            normal: 'above 99 %.',
            next: 'the codes below say why not.',
            heading: 'MixCommandsFail',
          }),
        ],
        [
          oldest(q, { title: 'Oldest command without answer', by: 'topic', heading: 'ConsumerBehind' }),
          slowKafka(q, 'instance'),
          registryAway(q, 'instance'),
          deadLetters(q, 'topic, code'),
        ],
      ],
    },
    {
      title: 'Commands',
      lines: [
        [
          graph({
            title: 'Commands by action and code',
            unit: units.perSecond,
            queries: [busy((of) => q.rate(`${commands}_count`, of), { by: 'action, code' })],
            shows:
              'Commands that were answered: 200 done, 3000 no answer, 3400 refused, 3404 not there, 3500 InternalError.',
            normal: 'start and stop with 200, as many stops as starts.',
            next: '3400 since a deployment: what is asked for. 3500: the cloud.',
            heading: 'MixCommandsFail',
          }),
          graph({
            title: 'How long a start takes',
            unit: units.seconds,
            queries: q.quantiles(commands, { where: 'action="start"' }),
            none: 'no starts',
            shows: 'From a command read to its answer on Kafka, retries included.',
            normal: "the cloud's own time, well below a second.",
            next: 'seconds without failures: the cloud fails now and then and is asked again.',
            heading: 'The video cloud answers InternalError',
          }),
          graph({
            title: 'How long a stop takes',
            unit: units.seconds,
            queries: q.quantiles(commands, { where: 'action="stop"' }),
            none: 'no stops',
            shows: 'The same for stops.',
            normal: 'as for starts.',
            next: 'as for starts.',
            heading: 'The video cloud answers InternalError',
          }),
        ],
      ],
    },
    {
      title: 'Cloud in a box (MIXER_ADAPTER=ffmpeg; else all 0)',
      lines: [
        [
          graph({
            title: 'Mixes that run',
            unit: units.count,
            queries: [orZero(q.sum('roomcast_mixer_mixes', { by: 'instance' }))],
            shows: 'Mixes that run on this machine.',
            normal: 'half as many as rooms in the phase mixed.',
            next: 'fewer: mixes ended by themselves.',
          }),
          graph({
            title: 'Streams',
            unit: units.count,
            queries: [orZero(q.sum('roomcast_mixer_sources', { by: 'state' }))],
            shows: 'Streams that broadcasters publish, and those of them whose frames arrive.',
            normal: 'both the same.',
            next: 'fewer flow: broadcasters whose connection stands still.',
          }),
          graph({
            title: 'Mixes that ended by themselves, per second',
            unit: units.perSecond,
            queries: [orZero(busy((of) => q.rate('roomcast_mixer_mix_failures_total', of), { by: 'reason' }))],
            shows: 'Mixes that failed after they had started.',
            normal: '0.',
            next: "the mixer's log has the end of ffmpeg's.",
          }),
          graph({
            title: 'Until the first mixed frame, p90',
            unit: units.seconds,
            queries: [orZero(q.quantile(0.9, 'roomcast_mixer_first_frame_seconds'))],
            none: 'no starts',
            shows: 'From an accepted start to the first published frame with both streams.',
            normal: 'below 3 s.',
            next: 'longer: a stream without key frames, or a machine that is full.',
          }),
        ],
      ],
    },
    readingRow(q),
    processRow(q),
  ],
}
