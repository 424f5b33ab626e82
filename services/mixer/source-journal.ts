import { z } from 'zod'
import { restoredStream } from './domain/source-stream.ts'
import type { SourceStream } from './domain/source-stream.ts'

/**
 * What a restarted mixer has to know: the rooms that ingest takes for pushing, or may, and by which publisher. `publisher` is null
 * for a stream that has ended; `isTold` is false when ingest may not know of the newest state.
 */
export const sourceJournalSchema = z.array(
  z.object({
    roomId: z.string(),
    publisher: z.object({ client: z.number(), server: z.string().nullable() }).nullable(),
    isTold: z.boolean(),
  }),
)
export type SourceJournal = z.infer<typeof sourceJournalSchema>

type Sources = { readonly streams: ReadonlyMap<string, SourceStream>; readonly untold: ReadonlySet<string> }

export const toSourceJournal = ({ streams, untold }: Sources): SourceJournal => {
  const entries = [...new Set([...streams.keys(), ...untold])].map((roomId) => {
    const stream = streams.get(roomId)
    const publisher = stream?.status === 'published' ? { client: stream.client, server: stream.server ?? null } : null
    return { roomId, publisher, isTold: !untold.has(roomId) }
  })
  return entries.filter(({ publisher, isTold }) => publisher !== null || !isTold)
}

export const fromSourceJournal = (journal: SourceJournal): Sources => ({
  streams: new Map(
    journal.flatMap(({ roomId, publisher }) =>
      publisher === null
        ? []
        : [[roomId, restoredStream({ client: publisher.client, server: publisher.server ?? undefined })] as const],
    ),
  ),
  untold: new Set(journal.filter(({ isTold }) => !isTold).map(({ roomId }) => roomId)),
})
