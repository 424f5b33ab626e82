import { topics } from '../../../schemas/topics.ts'
import type { AnyRecord } from '../../../schemas/types.generated.ts'
import type { Letter, Position } from '../letter.ts'
import { showAge } from '../text.ts'
import { goodForMs, needsNoRoom, replayableTopics, selfRenewing, type Overridable } from './rules.ts'
import type { RoomLetters } from './select.ts'
import { inOrder, type Standings } from './standing.ts'

/** A letter with what would be written in its place. */
export type Candidate = {
  readonly letter: Letter
  /** The key to be written: the letter's, or the one that mends it. */
  readonly key: string | null
  readonly value: Buffer | null
  /** The record in that value; a text: why there is none to be had. */
  readonly record: AnyRecord | string
  /** Where such a key belongs; undefined without a key. */
  readonly partition: number | undefined
}

/** `decidedTo`: the offset of the newest input that changed it. */
export type RoomFound = { readonly hasEnded: boolean; readonly decidedTo: number }

/** What the log of the target partition, from the letter on, and the room's state say. */
export type Found = {
  /** The log reaches back to the letter: what was replayed, and what came since, can be seen. A text: why not. */
  readonly reaches: true | string
  /** Where this letter has been replayed. */
  readonly replay: Position | undefined
  /** The same event, sent again by whoever sent it. */
  readonly repeat: Position | undefined
  /** The last record by which the room has gone on since. */
  readonly wentOn: Position | undefined
  /** Undefined: nothing is known of such a room (any more). */
  readonly room: RoomFound | undefined
}

export type Verdict =
  | { readonly kind: 'replay'; readonly partition: number; readonly key: string; readonly despite: readonly string[] }
  /** It is in the log already; only its mark is missing. */
  | { readonly kind: 'mark'; readonly to: Position }
  | { readonly kind: 'settled'; readonly why: string }
  /** `rules`: the words that overrule it together; none: nothing does. */
  | { readonly kind: 'refused'; readonly rules: readonly Overridable[]; readonly why: string }

export type Limits = { readonly inviteTtlMs: number; readonly graceMs: number }

const roomIdForm = /^[A-Za-z0-9]{1,64}$/

const never = (why: string): Verdict => ({ kind: 'refused', rules: [], why })

/** The topic of a name, if it is one of ours. */
const topicOf = (name: string) => Object.values(topics).find((topic) => topic.name === name)

/** Why it cannot be replayed at all; undefined: it can. */
const misfit = ({ letter, key, record, partition }: Candidate, givers: ReadonlySet<string>): string | undefined => {
  const { topic } = letter.source
  if (!replayableTopics.has(topic))
    return `${topic} has writers of its own, and what they wrote then is over: only requests, comments and likes are replayed`
  if (typeof record === 'string') return `${record}: it would only come back. Mend it with --json-file or --value-file`
  const { type } = record
  if (!topicOf(topic)?.records.some((name) => name === type)) return `a ${type} does not belong into ${topic}`
  if (selfRenewing.has(type)) return `a ${type} is written anew by the service that wrote it`
  const { roomId } = record.record
  if (!roomIdForm.test(roomId)) return 'its roomId is not 1 to 64 letters and digits. Mend it with --json-file'
  if (key !== roomId || partition === undefined)
    return `its key is not its roomId, ${roomId}. If the record is right, mend the key with --key ${roomId}`
  if (topic === topics.pushLike.name && !givers.has('state-machine') && partition === letter.source.partition)
    return 'it was counted: an edge alone gave it up, and a second one would make the total wrong'
  return undefined
}

/** A process that ends after it gave up a record, and before it committed that, leaves the record to another one. */
const wasDecided = ({ letter: { source }, partition }: Candidate, { room }: Found): boolean =>
  source.topic === topics.roomInput.name && source.partition === partition && room?.decidedTo === source.offset

/** What the rules say against a replay that is possible. */
const objections = (
  { letter, record }: Candidate & { readonly record: AnyRecord },
  found: Found,
  earlier: Letter | undefined,
  { limits, now }: { readonly limits: Limits; readonly now: number },
): ReadonlyArray<readonly [Overridable, string]> => {
  const { type } = record
  const { occurredAt } = record.record
  const isInput = letter.source.topic === topics.roomInput.name
  const goodFor = goodForMs(type, limits)
  const against: (readonly [Overridable, string])[] = []
  if (goodFor !== undefined && now - occurredAt > goodFor)
    against.push(['too-late', `it happened ${showAge(now - occurredAt)} ago, and is good for ${showAge(goodFor)}`])
  if (!needsNoRoom.has(type) && found.room?.hasEnded !== false)
    against.push(['room-ended', found.room === undefined ? 'there is no such room (any more)' : 'its room has ended'])
  if (isInput && earlier !== undefined) {
    const place = `${earlier.at.partition}/${earlier.at.offset}`
    against.push([
      'earlier-left',
      `${place} of the same room came before it and is not replayed: replay that first, or both together`,
    ])
  }
  if (isInput && found.wentOn !== undefined)
    against.push([
      'gone-on',
      `its room has gone on: offset ${found.wentOn.offset} of partition ${found.wentOn.partition} came after it`,
    ])
  return against
}

/**
 * What becomes of a letter. Pure.
 * @param earlier a letter of the same room that came before and is not replayed, nor will be
 * @param givers the services that gave up the record
 */
export const judge = (
  candidate: Candidate,
  found: Found | undefined,
  {
    earlier,
    givers,
    anyway,
    limits,
    now,
  }: {
    readonly earlier: Letter | undefined
    readonly givers: ReadonlySet<string>
    readonly anyway: ReadonlySet<Overridable>
    readonly limits: Limits
    readonly now: number
  },
): Verdict => {
  const { record, key, partition } = candidate
  if (found?.replay !== undefined) return { kind: 'mark', to: found.replay }
  const why = misfit(candidate, givers)
  if (why !== undefined) return never(why)
  if (typeof record === 'string' || key === null || partition === undefined || found === undefined)
    return never('it has no place')
  if (found.repeat !== undefined) {
    const { partition: at, offset } = found.repeat
    return {
      kind: 'settled',
      why: `its sender has sent it again: offset ${offset} of partition ${at} is the same event`,
    }
  }
  if (found.reaches !== true) return never(found.reaches)
  if (wasDecided(candidate, found))
    return { kind: 'settled', why: 'its room has taken it: it could be read when it was read again' }
  const against = objections({ ...candidate, record }, found, earlier, { limits, now })
  const left = against.filter(([rule]) => !anyway.has(rule))
  if (left.length > 0)
    return { kind: 'refused', rules: left.map(([rule]) => rule), why: left.map(([, text]) => text).join('; and ') }
  return { kind: 'replay', partition, key, despite: against.map(([, text]) => text) }
}

/** A letter of the same room that came before one and stays behind. */
export const earlierLeft = (
  letter: Letter,
  room: RoomLetters | undefined,
  refused: readonly Letter[],
  standings: Pick<Standings, 'of'>,
): Letter | undefined =>
  [...(room?.left === undefined ? [] : [room.left]), ...refused].find(
    (other) => inOrder(standings.of(other), standings.of(letter)) < 0,
  )
