import { z } from 'zod'

/** What a state-machine logs as it takes partitions over. */
const Line = z.object({
  time: z.iso.datetime(),
  msg: z.string(),
  partitions: z.array(z.number()).optional(),
  seconds: z.number().optional(),
})

/**
 * When a process that was started at a moment was first given partitions (epoch ms), and how long the slowest of them then took, by
 * its log. Throws when the log does not say.
 */
export const startEvents = (
  log: string,
  startedAt: number,
): { readonly joinedAt: number; readonly slowestTakeOverSeconds: number } => {
  const lines = log
    .split('\n')
    .flatMap((line) => Line.safeParse(parse(line)).data ?? [])
    .filter(({ time }) => Date.parse(time) >= startedAt)
  const joined = lines.find(({ msg, partitions = [] }) => msg === 'joined the group' && partitions.length > 0)
  if (joined === undefined) throw new Error('the log does not say when partitions were assigned')
  const takeOvers = lines.flatMap(({ msg, seconds }) => (msg === 'partition taken over' ? (seconds ?? []) : []))
  return { joinedAt: Date.parse(joined.time), slowestTakeOverSeconds: Math.round(Math.max(...takeOvers) * 100) / 100 }
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // a line of Node's own, or one that was cut off by a kill
  }
}
