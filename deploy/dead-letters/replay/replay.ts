import { topics } from '../../../schemas/topics.ts'
import type { Codec } from '../../../services/shared/codec/codec.ts'
import { fetchPartitionCount } from '../../../services/shared/kafka/offsets.ts'
import { toText } from '../letter.ts'
import { readLetters, type Reading } from '../list.ts'
import { maskLine, showKey, showPosition } from '../masks/mask-text.ts'
import { UsageError } from '../option-values.ts'
import type { Command } from '../options.ts'
import { layOut, showAge, showTime } from '../text.ts'
import { toCandidates } from './candidates.ts'
import { carryOut, type Send } from './carry-out.ts'
import type { Candidate, Found, Limits, Verdict } from './judge.ts'
import { lookUpLog } from './look-up-log.ts'
import { lookUpRooms } from './look-up-rooms.ts'
import { plan, type Step } from './plan.ts'
import { replayableTopics } from './rules.ts'
import { select, type Selection } from './select.ts'
import { openWriter } from './writer.ts'

export type ReplayOptions = Reading &
  Omit<Extract<Command, { readonly verb: 'replay' }>, 'verb'> & {
    readonly codec: Codec
    readonly limits: Limits
    readonly now: () => number
    readonly say: (line: string) => void
  }

const lookUp = async (
  options: ReplayOptions,
  candidates: readonly Candidate[],
  selection: Selection,
): Promise<ReadonlyMap<Candidate, Found>> => {
  const possible = candidates.filter(({ letter }) => replayableTopics.has(letter.source.topic))
  const found = new Map<Candidate, Found>()
  // The states first: what is decided later stands in the logs, which are read after them.
  const states = await lookUpRooms(options, possible)
  for (const [topic, here] of Map.groupBy(possible, ({ letter }) => letter.source.topic)) {
    for (const [candidate, since] of await lookUpLog(options, topic, here, selection))
      found.set(candidate, { ...since, room: states.get(candidate.key ?? '') })
  }
  return found
}

const placeOf = ({ letter }: Candidate): string => `${letter.at.partition}/${letter.at.offset}`

const describeVerdict = (verdict: Verdict): string => {
  switch (verdict.kind) {
    case 'replay':
      return verdict.despite.length === 0
        ? 'to be replayed'
        : `to be replayed anyway, although ${verdict.despite.join('; and ')}`
    case 'mark':
      return `is in the log already, at ${showPosition(toText(verdict.to))}: to be marked`
    case 'settled':
      return `left alone: ${verdict.why}`
    case 'refused': {
      const rules = verdict.rules.join(',')
      return rules === ''
        ? `refused: ${maskLine(verdict.why)}`
        : `refused, ${rules}: ${verdict.why}. --anyway ${rules} replays it all the same`
    }
  }
}

const describeStep = ({ candidate, verdict }: Step, now: number): readonly string[] => {
  const { letter, key, record } = candidate
  const isRead = typeof record !== 'string'
  return [
    `  ${placeOf(candidate)}`,
    showPosition(toText(letter.source)),
    showKey(key === null ? letter.key : Buffer.from(key)),
    isRead ? record.type : '(not readable)',
    isRead ? `${showAge(now - record.record.occurredAt)} old` : '',
    describeVerdict(verdict),
  ]
}

/** Does what is to be done, one letter after the other, each acknowledged before the next. Resolves with how many were done. */
const act = async (
  steps: readonly Step[],
  { signal, now, say }: Pick<ReplayOptions, 'signal' | 'now' | 'say'>,
  send: Send,
): Promise<number> => {
  let done = 0
  for (const step of steps) {
    signal.throwIfAborted()
    const to = await carryOut(step, { send, now })
    if (to === undefined) continue
    done += 1
    const what = step.verdict.kind === 'mark' ? 'marked, it is at' : 'replayed to'
    say(`  ${placeOf(step.candidate)}  ${what} ${showPosition(toText(to))}`)
  }
  return done
}

const sayReplayed = ({ replayed }: Selection, say: (line: string) => void): void => {
  for (const { source, replayedAt, replayedTo } of replayed)
    say(
      `  ${showPosition(toText(source))} was replayed at ${showTime(replayedAt)} to ${showPosition(replayedTo)}: nothing to do`,
    )
}

/** `send`: left out, nothing is written. */
const run = async (options: ReplayOptions, send: Send | undefined): Promise<boolean> => {
  const { kafka, signal, codec, which, mend, limit, anyway, limits, now, say } = options
  const selection = await select({ read: (take) => readLetters(options, take), which, key: mend.key, limit })
  const { letters, replayed, more } = selection
  if ('length' in which && letters.length + replayed.length === 0)
    throw new UsageError(
      `there is no such dead letter: ${which.map((at) => `${at.partition}/${at.offset}`).join(', ')}`,
    )
  sayReplayed(selection, say)
  if (letters.length === 0) {
    say('no letter to replay')
    return true
  }
  const partitions = await fetchPartitionCount({ kafka, topic: topics.roomInput.name, signal })
  const candidates = await toCandidates({ letters, mend, codec, partitions, signal })
  const found = await lookUp(options, candidates, selection)
  const steps = plan(candidates, found, { selection, anyway, limits, now: now() })
  for (const line of layOut(steps.map((step) => describeStep(step, now())))) say(line)

  const toDo = steps.filter(({ verdict }) => verdict.kind === 'replay' || verdict.kind === 'mark').length
  const refused = steps.filter(({ verdict }) => verdict.kind === 'refused').length
  if (more > 0) say(`${more} more fit: choose with filters, or give --limit`)
  if (send === undefined) say(`nothing was written. With --yes ${toDo} of ${letters.length} are replayed`)
  else say(`${await act(steps, options, send)} of ${letters.length} replayed, ${refused} refused`)
  return refused === 0
}

/**
 * Shows what would be done with the chosen letters, and with `yes` does it. Resolves with whether none of them was refused.
 * @throws UsageError for places where no letter is; Fault BROKER_UNREACHABLE, REGISTRY_UNREACHABLE, PRODUCER_FENCED when another run
 *   has begun; the signal's reason
 */
export const replay = async (options: ReplayOptions): Promise<boolean> => {
  if (!options.yes) return run(options, undefined)
  // Before anything is looked at: what others have written until now is seen, and from now on they write nothing.
  const writer = await openWriter(options)
  try {
    return await run(options, writer.send)
  } finally {
    await writer.close()
  }
}
