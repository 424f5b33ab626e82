import { appendAll, mintRooms } from '../inputs.ts'
import { round } from '../median.ts'
import type { Figures, Part, PartOptions } from '../part.ts'
import { readProcessUsage } from '../process-usage.ts'
import { withStage, type Stage } from '../stage.ts'
import { loadNow } from '../usage-sampler.ts'
import { openAudience } from './audience.ts'
import { bare, edge, type Contender } from './contender.ts'
import { roomMessage } from './messages.ts'
import { readSettledRss } from './settled-rss.ts'

const clientsPerRoom = 10
const kibibyte = 1024

type Layout = {
  /** These are there before the first look: what a server needs once, and grows to under the first arrivals, is not counted. */
  readonly first: readonly string[]
  readonly rooms: readonly string[]
}

const measureOnce = async (
  stage: Stage,
  contender: Contender,
  { first, rooms }: Layout,
  signal: AbortSignal,
): Promise<Figures> => {
  const load1 = loadNow()
  const server = await contender.start(stage)
  try {
    const empty = await readSettledRss(server.pid, signal)
    const audience = await openAudience(server, contender, { rooms: first, clientsPerRoom, probes: 0 })
    try {
      const before = await readSettledRss(server.pid, signal)
      const { port } = server
      const { acks, deflate } = contender
      const openedFrom = performance.now()
      await audience.crowd.ask('open', { name: 'idle', port, rooms, clientsPerRoom, acks, deflate, reads: 'in rounds' })
      const openSeconds = (performance.now() - openedFrom) / 1_000
      const { rssBytes: uncollected } = await readProcessUsage(server.pid)
      const after = await readSettledRss(server.pid, signal)
      const connections = rooms.length * clientsPerRoom
      const { closes } = await audience.crowd.ask('count', null)
      return {
        kibPerConnection: round((after - before) / connections / kibibyte),
        kibBeforeCollection: round((uncollected - before) / connections / kibibyte),
        kibPerConnectionOfAll: round((after - empty) / (connections + first.length * clientsPerRoom) / kibibyte),
        connections,
        rssMiB: round(after / kibibyte ** 2),
        rssBeforeMiB: round(before / kibibyte ** 2),
        connectionsPerSecond: Math.round(connections / openSeconds),
        closes: Object.values(closes).reduce((sum, count) => sum + count, 0),
        load1,
      }
    } finally {
      await audience.stop()
    }
  } finally {
    await server.stop()
  }
}

/** What a connection costs in memory that is subscribed and gets nothing. */
export const idlePart: Part = {
  name: 'idle',
  about:
    'resident memory of the server process per connection that is subscribed to a room (ten in each) and idle: the difference that 10,000 ' +
    'connections make to a server that had 5,000 in other rooms, garbage collected before both looks (of all: those 5,000, and what a server grows to once, included); the edge beside bare uWebSockets.js',
  measure: async (options: PartOptions) => {
    const { runs, isQuick, say, signal } = options
    const layout = { first: mintRooms(isQuick ? 10 : 500), rooms: mintRooms(isQuick ? 50 : 1_000) }
    const contenders = [bare(), edge()]
    const measured = new Map(contenders.map((contender): [Contender, Figures[]] => [contender, []]))
    await withStage(options, async (stage) => {
      const states = [...layout.first, ...layout.rooms].map((room) => roomMessage(stage, room))
      await appendAll(stage.producer, states, signal)
      for (let run = 1; run <= runs; run++) {
        for (const contender of run % 2 === 1 ? contenders : contenders.toReversed()) {
          const figures = await measureOnce(stage, contender, layout, signal)
          say(`run ${run}, ${contender.name}: ${figures['kibPerConnection']} KiB per connection`)
          measured.get(contender)?.push(figures)
        }
      }
    })
    return [...measured].map(([{ name }, figures]) => ({ name, about: 'idle connections', runs: figures }))
  },
}
