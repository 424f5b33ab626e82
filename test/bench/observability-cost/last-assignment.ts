import { z } from 'zod'

/** What a member of a group logs at each join. */
const Joined = z.object({ msg: z.literal('joined the group'), partitions: z.array(z.number()) })

/** The partitions that a member was given last, by its log; none when it has not joined. */
export const lastAssignment = (log: string): readonly number[] =>
  log
    .split('\n')
    .filter((line) => line.includes('joined the group'))
    .flatMap((line) => Joined.safeParse(JSON.parse(line)).data ?? [])
    .at(-1)?.partitions ?? []
