// How many partitions, instances, brokers and bytes: `make capacity ROOMS=100000 CLIENTS=10000000`. JSON=1 prints it for programs, HELP=1 what can be set.
import { isFault } from '../../services/shared/fault.ts'
import { layOut } from './cells.ts'
import { demandShape, readDemand, type Demand } from './demand.ts'
import { estimate, type Estimate } from './estimate.ts'
import { readFigures, valuesOf, type Values } from './figures.ts'
import { readResults } from './results.ts'
import { inWords, limitLinesOf, linesOf, totalsOf } from './summary.ts'
import { percent, plainTable, roughly, whole } from './text.ts'

const help = (): string => {
  const settings = Object.entries(demandShape.shape).map(([name, shape]) => [name, shape.description ?? ''])
  return [
    'make capacity ROOMS=… CLIENTS=… computes what so many rooms and clients take, from the results of the benchmarks.',
    'What can be set, and what it is otherwise:',
    plainTable([...settings, ['JSON', '1: for programs'], ['HELP', '1: this']], ['left', 'left']),
  ].join('\n')
}

const spreadInWords = {
  any: 'any edge',
  room: 'the edge of its room',
  partition: 'an edge of its room’s partition',
} as const

/** What one system cannot do, and how many are needed for that. */
const systemsInWords = ({ demand, likely, one }: Estimate, of: Values): readonly string[] => {
  const tooMuch = one.limits.filter(({ share }) => share >= 1).map(({ what }) => what)
  if (likely === undefined) return [`No number of systems beside each other carries it: ${tooMuch.join(', ')}.`]
  if (likely.cells === 1) return tooMuch.length === 0 ? [] : [`More than there is: ${tooMuch.join(', ')}.`]
  const shared = demand.SPREAD === 'partition' ? undefined : layOut({ ...demand, SPREAD: 'partition' }, of)
  return [
    `Too much for one system: ${tooMuch.join(', ')}. So there are ${likely.cells}, each with a Kafka, rooms and clients of its own;`,
    'rooms of different systems cannot co-host.',
    ...(shared === undefined ? [] : [`With SPREAD=partition it takes ${whole(shared.cells)}.`]),
  ]
}

const settingsInWords = (demand: Demand): string =>
  Object.entries(demand)
    .filter(([name]) => !['ROOMS', 'CLIENTS', 'PARTITIONS'].includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'number' ? Number(value.toFixed(2)) : value}`)
    .join(' ')

const report = (env: NodeJS.ProcessEnv): string => {
  const figures = readFigures(readResults())
  const of = valuesOf(figures)
  const found = estimate(readDemand(env), figures)
  const { demand, likely } = found
  const totals = likely === undefined ? undefined : totalsOf(likely, demand, of)
  if (env['JSON'] === '1') return JSON.stringify({ ...found, totals, figures }, null, 2)
  const assumed = Object.values(figures).filter(({ basis }) => basis.kind === 'assumed').length
  return [
    `${roughly(demand.ROOMS)} rooms, ${roughly(demand.CLIENTS)} clients; a client gets to ${spreadInWords[demand.SPREAD]}.`,
    ...systemsInWords(found, of),
    ...(totals === undefined ? [] : ['', `To order: ${inWords(totals)}.`, '']),
    plainTable(linesOf(found, of), ['left', 'right', 'left']),
    '',
    'What one system runs out of as it grows, and at how many clients (in brackets: how near to that a system above is); what to do then:',
    plainTable(limitLinesOf(found), ['left', 'right', 'left']),
    '',
    `With ${settingsInWords(demand)}; HELP=1 says what these are.`,
    `In brackets: if processors were ${percent(figures.noise.value)} slower, or as much quicker, as they were from run to run.`,
    `Computed from ${Object.keys(figures).length - assumed} measured figures and ${assumed} assumed ones; docs/capacity.md lists them, and says how far the model was off.`,
  ].join('\n')
}

try {
  console.log(process.env['HELP'] === '1' ? help() : report(process.env))
} catch (error) {
  if (!isFault(error, 'CONFIG_INVALID')) throw error
  console.error(`capacity: ${error.message}`)
  console.error('HELP=1 says what can be set')
  process.exitCode = 64
}
