// How many partitions, instances, brokers and bytes: `make capacity ROOMS=100000 CLIENTS=10000000`. JSON=1 prints it for programs, HELP=1 what can be set.
import { isFault } from '../../services/shared/fault.ts'
import { demandShape, readDemand } from './demand.ts'
import { estimate } from './estimate.ts'
import { readFigures, valuesOf } from './figures.ts'
import { readResults } from './results.ts'
import { limitLinesOf, linesOf } from './summary.ts'
import { percent, plainTable, roughly } from './text.ts'

const help = (): string => {
  const settings = Object.entries(demandShape.shape).map(([name, shape]) => [name, shape.description ?? ''])
  return [
    'make capacity ROOMS=… CLIENTS=… computes what so many rooms and clients take, from the results of the benchmarks.',
    'What can be set, and what it is otherwise:',
    plainTable([...settings, ['JSON', '1: for programs'], ['HELP', '1: this']], ['left', 'left']),
  ].join('\n')
}

const report = (env: NodeJS.ProcessEnv): string => {
  const figures = readFigures(readResults())
  const found = estimate(readDemand(env), figures)
  if (env['JSON'] === '1') return JSON.stringify({ ...found, figures }, null, 2)
  const { demand, likely, one } = found
  const origins = Object.values(figures).map(({ basis }) => basis)
  const measured = origins.flatMap((basis) => (basis.kind === 'measured' ? [basis] : []))
  const days = [...new Set(measured.flatMap(({ days: some }) => some))].toSorted()
  const worst = one.limits.filter(({ share }) => share >= 1).map(({ what }) => what)
  return [
    `${roughly(demand.ROOMS)} rooms, ${roughly(demand.CLIENTS)} clients; a client gets to ${spreadInWords[demand.SPREAD]}.`,
    ...(worst.length === 0 ? [] : [`More than one system has: ${worst.join(', ')}.`]),
    ...(likely === undefined ? ['No number of systems beside each other carries it.'] : []),
    ...(likely !== undefined && likely.cells > 1
      ? [
          `So ${likely.cells} systems beside each other, each with a Kafka of its own; rooms of different systems cannot co-host. Numbers are those of all together:`,
        ]
      : []),
    '',
    plainTable(linesOf(found, valuesOf(figures)), ['left', 'right', 'left']),
    '',
    'What runs out in one system that grows, with as many clients in a room:',
    plainTable(limitLinesOf(found), ['left', 'right', 'left']),
    '',
    `${measured.length} figures were measured (${days[0]} to ${days.at(-1)}), ${origins.length - measured.length} are assumed: docs/capacity.md lists them.`,
    `In brackets: if processors were ${percent(figures.noise.value)} slower, or as much quicker, as they were from run to run.`,
  ].join('\n')
}

const spreadInWords = {
  any: 'any edge',
  room: 'the edge of its room',
  partition: 'an edge of its room’s partition',
} as const

try {
  console.log(process.env['HELP'] === '1' ? help() : report(process.env))
} catch (error) {
  if (!isFault(error, 'CONFIG_INVALID')) throw error
  console.error(`capacity: ${error.message}`)
  console.error('HELP=1 says what can be set')
  process.exitCode = 64
}
