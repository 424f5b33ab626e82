import type { Letter, Mark } from './letter.ts'

/** Which letters are meant; what is left out is not asked for. */
export type Filter = {
  /** Of the source. */
  readonly topic?: string | undefined
  readonly code?: string | undefined
  /** Who gave them up. */
  readonly service?: string | undefined
  readonly room?: string | undefined
  /** Given up at or after this, epoch ms. */
  readonly sinceMs?: number | undefined
}

const fits = <T>(asked: T | undefined, found: T): boolean => asked === undefined || asked === found

/** Whether a letter, or the mark of its replay, is meant. */
export const matches = (entry: Letter | Mark, { topic, code, service, room, sinceMs }: Filter): boolean =>
  fits(topic, entry.source.topic) &&
  fits(code, entry.code) &&
  fits(service, entry.service) &&
  fits(room, entry.room ?? undefined) &&
  (sinceMs === undefined || (entry.kind === 'letter' ? entry.givenUpAt : entry.replayedAt) >= sinceMs)
