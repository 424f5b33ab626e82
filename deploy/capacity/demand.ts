import { z } from 'zod'
import { Fault } from '../../services/shared/fault.ts'

/** `12000`, `12,000`, `12k`, `1.5M`, `1e6`. */
const readNumber = (text: string): number => {
  const [, digits = '', suffix = ''] = /^([\d.,_eE+-]+)([kKmM]?)$/.exec(text.trim()) ?? []
  const value = digits === '' ? Number.NaN : Number(digits.replaceAll(/[,_]/g, ''))
  return value * (suffix === '' ? 1 : suffix.toLowerCase() === 'k' ? 1e3 : 1e6)
}

const number = (fallback: number, { from, to }: { readonly from: number; readonly to: number }, about: string) =>
  z
    .string()
    .optional()
    .transform((text) => (text === undefined || text === '' ? fallback : readNumber(text)))
    .pipe(z.number('is not a number').min(from, `is below ${from}`).max(to, `is above ${to}`))
    .describe(`${about} (${Number(fallback.toFixed(2))})`)

/** How clients get to an edge: to any, to that of their room, or to that of their room's partition. */
const spreads = ['any', 'room', 'partition'] as const

/** What is planned for. By the names under which it is given; what stands in brackets is the default. */
export const demandShape = z.object({
  ROOMS: number(1_000, { from: 1, to: 1e8 }, 'rooms that live at the same time'),
  CLIENTS: number(100_000, { from: 1, to: 1e9 }, 'connections at the same time, each in one room'),
  COMMENTS: number(1 / 3, { from: 0, to: 1e4 }, 'comments of a room in a second'),
  LIKES: number(2 / 3, { from: 0, to: 1e5 }, 'likes of a room in a second, as requests'),
  SESSIONS: number(0.5, { from: 0, to: 100 }, 'co-hosting sessions of a room in an hour; each has two rooms'),
  STAY_MINUTES: number(10, { from: 0.1, to: 1440 }, 'how long a client stays in a room'),
  SLOW: number(0.05, { from: 0, to: 1 }, 'share of clients that cannot keep up'),
  SPREAD: z
    .enum(spreads, `is one of ${spreads.join(', ')}`)
    .default('any')
    .describe('to which edge a client gets: any, that of its room, of its partition (any)'),
  PARTITIONS: number(0, { from: 0, to: 10_000 }, 'partitions of each topic; 0: as many as are needed, at least 48'),
  REPLICATION: number(3, { from: 1, to: 9 }, 'copies of each partition'),
  BUSY: number(0.6, { from: 0.1, to: 1 }, 'share of a processor, network or memory that may be used'),
  SPARE: number(1, { from: 0, to: 10 }, 'instances of each service, and brokers, that may be missing'),
  OUTAGE_SECONDS: number(10, { from: 7, to: 600 }, 'how long a room may stand still after a state-machine was killed'),
  BROKER_CORES: number(8, { from: 1, to: 128 }, 'processors of a broker'),
  NETWORK_GBIT: number(10, { from: 0.1, to: 400 }, 'network of a broker, each way'),
  EDGE_MEMORY_MIB: number(2_048, { from: 512, to: 65_536 }, 'memory of an edge'),
  MIX_CALLS: number(10, { from: 0.1, to: 1e5 }, 'calls a second that the video cloud allows'),
})

export type Spread = (typeof spreads)[number]
export type Demand = z.output<typeof demandShape>

/** @throws Fault CONFIG_INVALID naming each key that is wrong */
export const readDemand = (env: Readonly<Record<string, string | undefined>>): Demand => {
  const own = Object.fromEntries(Object.keys(demandShape.shape).map((key) => [key, env[key]]))
  const parsed = demandShape.safeParse(own)
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')}=${own[String(path[0])]}: ${message}`)
  throw new Fault('CONFIG_INVALID', wrong.join('; '))
}
