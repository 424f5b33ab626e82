import { layOut } from './cells.ts'
import type { Demand } from './demand.ts'
import type { Estimate } from './estimate.ts'
import { valuesOf, type Figure, type Figures, type Values } from './figures.ts'
import { limitsInOrder } from './limits.ts'
import { fits } from './plan.ts'
import type { Prediction } from './predictions.ts'
import { remedies } from './remedies.ts'
import { linesOf } from './summary.ts'
import { bits, bytes, markdownTable, percent, roughly, whole } from './text.ts'

export type PageInput = {
  readonly figures: Figures
  /** From small to large. */
  readonly estimates: readonly Estimate[]
  readonly predictions: readonly Prediction[]
  /** What is usual. */
  readonly demand: Demand
}

export const pageOf = ({ figures, estimates, predictions, demand }: PageInput): string => {
  const of = valuesOf(figures)
  return `# Capacity

<!-- Written by \`make generate\` from test/bench/results/ and deploy/capacity/; do not edit. -->

How many partitions, instances, brokers and bytes a number of rooms and clients takes, and what runs out first. Computed from the
figures of the benchmarks; \`make capacity\` does the same for other numbers, and says with \`HELP=1\` what can be set:

\`\`\`sh
make capacity ROOMS=10000 CLIENTS=1000000
make capacity ROOMS=10000 CLIENTS=1000000 SPREAD=partition COMMENTS=2
make capacity HELP=1
\`\`\`

On this page a room has a hundred clients and ${roughly(demand.COMMENTS * 3_600)} comments, ${roughly(demand.LIKES * 3_600)} likes and ${roughly(demand.SESSIONS)} co-hosting sessions an hour; a client stays
${roughly(demand.STAY_MINUTES)} minutes; ${percent(demand.SLOW)} of the clients cannot keep up; there are ${demand.REPLICATION} copies of each partition; ${percent(demand.BUSY)} of a processor, network or memory may be
used; ${demand.SPARE} instance of each service and ${demand.SPARE} broker may be missing. A range in brackets is what comes out if processors are ${percent(figures.noise.value)} quicker or
slower: so much one and the same process differed from run to run.

![Processes by the number of clients](capacity-processes.svg)

## What it takes

To which edge a client gets decides a lot: to any (\`SPREAD=any\`, what a plain load balancer does), or to one that serves the partition of its room
(\`SPREAD=partition\`: the app server, which knows the room, tells the client which edges to connect to; the partition is murmur2 of the room's
id). Where more than one system is needed, each has a Kafka, rooms and clients of its own, and rooms of different systems cannot co-host.

${estimates.map((one) => `### ${title(one)}\n\n${amounts(one, of)}`).join('\n\n')}

## What runs out first

In one system that grows, with a hundred clients in each room throughout; "calls to the video cloud" is what its vendor allows one account:

${(['any', 'partition'] as const).map((SPREAD) => limits({ ...demand, SPREAD }, of)).join('\n\n')}

![Use of what there is by the number of clients](capacity-limits.svg)

For a million clients in 10,000 rooms:

${spreads(demand, of)}

## Disk

By topic, copies included, for as long as \`schemas/topics.ts\` keeps it:

${disks(estimates)}

## Does the model hold?

Cases of the benchmarks from which no processor time was taken. The model is ${worstError(predictions)} off at worst, more than the ranges above: plan with
that, and measure your own system before you rely on it. No whole system on several machines has been measured.

${markdownTable(
  ['what', 'unit', 'predicted', 'measured', 'error'],
  predictions.map(({ about, part, unit, measured, predicted }) => [
    `${about} (\`${part}\`)`,
    unit,
    roughly(predicted),
    roughly(measured),
    signed(predicted / measured - 1),
  ]),
  ['left', 'left', 'right', 'right', 'right'],
)}

## The figures

Measured on 2 cores that were shared with others, with one broker and no copies: none of it says how a cluster of many machines behaves. Processor
times are those of user and kernel together.

${figureTable(figures)}
`
}

const worstError = (predictions: readonly Prediction[]): string =>
  percent(Math.max(...predictions.map(({ predicted, measured }) => Math.abs(predicted / measured - 1))))

const signed = (share: number): string => `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`

const title = ({ demand: { ROOMS, CLIENTS, SPREAD } }: Estimate): string =>
  `${whole(ROOMS)} rooms, ${whole(CLIENTS)} clients, \`SPREAD=${SPREAD}\``

const amounts = (one: Estimate, of: Values): string => {
  const wanting = one.one.limits.filter(({ share }) => share >= 1).map(({ what }) => what)
  const why =
    wanting.length === 0
      ? ''
      : `${fits(one.one) ? 'Not enough' : 'One system has not enough'}: ${wanting.join(', ')}.\n\n`
  return why + markdownTable(['what', 'in all', 'each'], linesOf(one, of), ['left', 'right', 'left'])
}

const limits = (demand: Demand, of: Values): string =>
  markdownTable(
    [`\`SPREAD=${demand.SPREAD}\``, 'runs out at', 'then'],
    limitsInOrder(demand, of).map(({ what, clients }) => [what, `${roughly(clients)} clients`, remedies[what]]),
    ['left', 'right', 'left'],
  )

const spreads = (demand: Demand, of: Values): string => {
  const rows = (['any', 'room', 'partition'] as const).map((SPREAD) => {
    const layout = layOut({ ...demand, SPREAD, CLIENTS: 1e6, ROOMS: 1e4 }, of)
    if (layout === undefined) return [`\`SPREAD=${SPREAD}\``, 'cannot be', '', '', '']
    const { cells, plan } = layout
    const amounts = [cells, cells * plan.edges, cells * plan.brokers].map(whole)
    return [`\`SPREAD=${SPREAD}\``, ...amounts, bits(cells * plan.broker.outMbit)]
  })
  const aligns = ['left', 'right', 'right', 'right', 'right'] as const
  return markdownTable(['', 'systems', 'edges', 'brokers', 'out of all brokers'], rows, aligns)
}

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
