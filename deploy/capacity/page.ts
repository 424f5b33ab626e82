import type { Demand } from './demand.ts'
import type { Estimate } from './estimate.ts'
import { valuesOf, type Figure, type Figures, type Values } from './figures.ts'
import { limitsInOrder } from './limits.ts'
import { comparisons, systemTable, worstError } from './comparison-tables.ts'
import type { Comparison } from './predictions.ts'
import { mostBrokers } from './plan.ts'
import { linesOf, totalsOf } from './summary.ts'
import { bits, bytes, markdownTable, percent, roughly, whole } from './text.ts'
import type { SystemComparison } from './whole-system.ts'

export type PageInput = {
  readonly figures: Figures
  /** From small to large. */
  readonly estimates: readonly Estimate[]
  readonly systems: readonly SystemComparison[]
  readonly parts: readonly Comparison[]
  /** What is usual. */
  readonly demand: Demand
}

export const pageOf = ({ figures, estimates, systems, parts, demand }: PageInput): string => {
  const of = valuesOf(figures)
  return `# Capacity

<!-- Written by \`make generate\` from test/bench/results/ and deploy/capacity/; do not edit. -->

What to order for a number of rooms and clients, and what runs out first. Computed from the figures of the benchmarks; for other numbers:

\`\`\`sh
make capacity ROOMS=10000 CLIENTS=1000000
make capacity ROOMS=10000 CLIENTS=1000000 SPREAD=partition COMMENTS=2
make capacity HELP=1
\`\`\`

## What to order

${orders(estimates, of)}

To which edge a client gets decides a lot: to any (\`SPREAD=any\`, what a plain load balancer does), or to one that serves the partition of its room
(\`SPREAD=partition\`: the app server, which knows the room, tells the client which edges to connect to; the partition is murmur2 of the room's
id). Where more than one system is needed, each has a Kafka, rooms and clients of its own, and rooms of different systems cannot co-host.
The fewest systems are shown; more and smaller ones can do with less: ${smaller(estimates, of)}.

This is what it is computed with; \`make capacity\` takes other values:

- A room has ${roughly(demand.CLIENTS / demand.ROOMS)} clients, and in an hour ${roughly(demand.COMMENTS * 3_600)} comments, ${roughly(demand.LIKES * 3_600)} likes and ${roughly(demand.SESSIONS)} co-hosting sessions. A client stays ${roughly(demand.STAY_MINUTES)} minutes; ${percent(demand.SLOW)} cannot keep up.
- ${percent(demand.BUSY)} of a processor, network or memory is used at most, also while ${demand.SPARE} instance of each service and ${demand.SPARE} broker are missing. A process of a service
  uses one processor at most; a broker has ${demand.BROKER_CORES}. Memory is half as much again as is used.
- There are ${demand.REPLICATION} copies of each partition. Disk is that of the brokers, ${percent(inputsOfDisk(estimates))} of it the inputs of seven days.
- Load balancers, Prometheus and the registry, which is asked at starts alone, come on top.

Of a whole system on two cores the model was up to ${worstError(systems.flatMap(({ rows }) => rows.filter(({ unit }) => unit === 'cores')))} off in the processor time of a process, of single processes up to ${worstError(parts)} ([below](#does-the-model-hold)):
measure your own before you rely on it.

![Processes by the number of clients](capacity-processes.svg)

## In detail

A range in brackets is what comes out if processors are ${percent(figures.noise.value)} quicker or slower: so much one and the same process differed from run to run. Cores
and MiB are what one process is to have; cores as used while the spares are missing.

${estimates.map((one) => `### ${title(one)}\n\n${amounts(one, of)}`).join('\n\n')}

## What runs out first

In one system that grows, with a hundred clients in each room throughout. "Brokers" are more than ${mostBrokers} with ${demand.BROKER_CORES} processors each; "calls to the video
cloud" is what its vendor allows one account.

${(['any', 'partition'] as const).map((SPREAD) => limits({ ...demand, SPREAD }, of)).join('\n\n')}

## Disk

By topic, copies included, for as long as \`schemas/topics.ts\` keeps it:

${disks(estimates)}

## Does the model hold?

A whole system on two cores (\`make bench BENCH=capacity-system\`): one process of each service, one broker, ${partitionsOfSystem} partitions, no copies, and clients and requests from
the same machine. The model is told rooms, clients and rates alone. Of its figures two come from this benchmark: the cores of an idle service,
and what Kafka writes for itself. It was corrected after a first comparison (transactions, appends of ingest, an idle broker), so this is
no blind test. Memory is predicted as that of processes with much more to do. An edge that waits for a processor fetches less often, and more at once. Whoever leaves is
replaced at once, so numbers of viewers change less often than in life.

${systems.map(systemTable).join('\n\n')}

Single processes, in benchmarks from which the model takes no processor time:

${comparisons(parts)}

No system on several machines has been measured.

## The figures

Measured on 2 cores that were shared with others, with one broker and no copies: none of it says how a cluster of many machines behaves. Processor
times are those of user and kernel together. The names are those of the benchmarks (\`make bench BENCH=…\`), their results are in \`test/bench/results/\`; what is
subtracted from what, where several are named, is in \`deploy/capacity/measured-*.ts\`.

${figureTable(figures)}
`
}

const partitionsOfSystem = 12

const orders = (estimates: readonly Estimate[], of: Values): string => {
  const rows = estimates.map(({ demand, likely }) => {
    const asked = [whole(demand.ROOMS), whole(demand.CLIENTS), `\`${demand.SPREAD}\``]
    if (likely === undefined) return [...asked, 'cannot be', '', '', '', '']
    const { processors, memoryMib, diskBytes, toClientsMbit } = totalsOf(likely, demand, of)
    const memory = bytes(memoryMib * 2 ** 20)
    return [...asked, whole(likely.cells), roughly(processors), memory, bytes(diskBytes), bits(toClientsMbit)]
  })
  const header = ['rooms', 'clients', '`SPREAD`', 'systems', 'processors', 'memory', 'disk', 'to clients']
  return markdownTable(header, rows, ['right', 'right', 'left', 'right', 'right', 'right', 'right', 'right'])
}

/** The largest number of clients carried by systems as large as that of the size before. */
const smaller = (estimates: readonly Estimate[], of: Values): string => {
  const [before, largest] = estimates.filter(({ demand }) => demand.SPREAD === 'partition').slice(-2)
  if (before?.likely === undefined || largest === undefined) return ''
  const systems = largest.demand.CLIENTS / before.demand.CLIENTS
  const processors = systems * totalsOf(before.likely, before.demand, of).processors
  return `${systems} of ${whole(before.demand.CLIENTS)} clients each with \`SPREAD=partition\` take ${roughly(processors)} processors`
}

const inputsOfDisk = (estimates: readonly Estimate[]): number => {
  const disk = estimates[0]?.one.broker.diskBytes
  return disk === undefined ? 0 : disk.roomInput / Object.values(disk).reduce((sum, value) => sum + value, 0)
}

const title = ({ demand: { ROOMS, CLIENTS, SPREAD } }: Estimate): string =>
  `${whole(ROOMS)} rooms, ${whole(CLIENTS)} clients, \`SPREAD=${SPREAD}\``

const amounts = (estimate: Estimate, of: Values): string => {
  const { one, likely } = estimate
  const tooMuch = one.limits.filter(({ share }) => share >= 1).map(({ what }) => what)
  const what = likely?.cells === 1 ? 'More than there is' : 'Too much for one system'
  const why = tooMuch.length === 0 ? '' : `${what}: ${tooMuch.join(', ')}.\n\n`
  return why + markdownTable(['what', 'in all', 'each'], linesOf(estimate, of), ['left', 'right', 'left'])
}

const limits = (demand: Demand, of: Values): string =>
  markdownTable(
    [`\`SPREAD=${demand.SPREAD}\``, 'runs out at', 'then'],
    limitsInOrder(demand, of).map(({ what, clients, remedy }) => [what, `${roughly(clients)} clients`, remedy]),
    ['left', 'right', 'left'],
  )

const disks = (estimates: readonly Estimate[]): string => {
  const sizes = estimates.filter(({ demand }) => demand.SPREAD === 'partition')
  const [first] = sizes
  const rows = Object.keys(first?.one.broker.diskBytes ?? {}).map((name) => [
    name,
    ...sizes.map(({ one }) => bytes(Object.entries(one.broker.diskBytes).find(([key]) => key === name)?.[1] ?? 0)),
  ])
  const header = ['', ...sizes.map(({ demand }) => `${whole(demand.ROOMS)} rooms, ${whole(demand.CLIENTS)} clients`)]
  return markdownTable(
    header,
    rows,
    header.map((_, column) => (column === 0 ? 'left' : 'right')),
  )
}

const figureTable = (figures: Figures): string => {
  const origin = ({ basis }: Figure): string =>
    basis.kind === 'assumed'
      ? `assumed: ${basis.why}`
      : `${basis.parts.map((part) => `\`${part}\``).join(', ')}, ${basis.days.join(', ')}`
  return markdownTable(
    ['what', 'value', 'from'],
    Object.values<Figure>(figures).map((one) => [one.about, `${roughly(one.value)} ${one.unit}`.trim(), origin(one)]),
    ['left', 'right', 'left'],
  )
}
