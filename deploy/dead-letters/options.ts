import { parseArgs } from 'node:util'
import type { Filter } from './filter.ts'
import { readCount, readPlace, readSince, UsageError, type Place } from './option-values.ts'
import { overridable, type Overridable } from './replay/rules.ts'

/** What replaces something that was wrong with one letter. */
export type Mend = {
  /** Bytes for its value, as they are to be written. */
  readonly valueFile?: string | undefined
  /** `{ "type": …, "record": { … } }`, to be written with the registered schema. */
  readonly jsonFile?: string | undefined
  readonly key?: string | undefined
}

export type Command =
  | { readonly verb: 'help' }
  | { readonly verb: 'list'; readonly filter: Filter; readonly limit: number }
  | { readonly verb: 'show'; readonly place: Place; readonly bytes: number; readonly save: string | undefined }
  | {
      readonly verb: 'replay'
      readonly which: readonly Place[] | Filter
      readonly limit: number
      readonly mend: Mend
      readonly anyway: ReadonlySet<Overridable>
      readonly yes: boolean
    }

const filters = {
  topic: { type: 'string' },
  code: { type: 'string' },
  service: { type: 'string' },
  room: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const readFilter = (
  values: Partial<Record<'topic' | 'code' | 'service' | 'room' | 'since', string>>,
  now: number,
): Filter => ({
  topic: values.topic,
  code: values.code,
  service: values.service,
  room: values.room,
  sinceMs: readSince(values.since, now),
})

const isOverridable = (word: string): word is Overridable => (overridable as readonly string[]).includes(word)

const readAnyway = (words: readonly string[]): ReadonlySet<Overridable> => {
  const rules = words.flatMap((word) => word.split(','))
  const unknown = rules.find((rule) => !isOverridable(rule))
  if (unknown !== undefined)
    throw new UsageError(`--anyway ${unknown}: expected one or more of ${overridable.join(', ')}`)
  return new Set(rules.filter(isOverridable))
}

const parseReplay = (args: readonly string[], now: number): Command => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...filters,
      'value-file': { type: 'string' },
      'json-file': { type: 'string' },
      key: { type: 'string' },
      anyway: { type: 'string', multiple: true },
      yes: { type: 'boolean' },
    },
  })
  if (values.help) return { verb: 'help' }
  const filter = readFilter(values, now)
  const isFiltered = Object.values(filter).some((asked) => asked !== undefined)
  if (positionals.length === 0 && !isFiltered)
    throw new UsageError('replay: say which, as replay 3/17 or replay --room r1 or replay --since 1h')
  if (positionals.length > 0 && isFiltered) throw new UsageError('replay: either places or filters, not both')
  const mend: Mend = { valueFile: values['value-file'], jsonFile: values['json-file'], key: values.key }
  const isMended = Object.values(mend).some((given) => given !== undefined)
  if (isMended && positionals.length !== 1)
    throw new UsageError('--value-file, --json-file and --key mend one letter: name its place, as replay 3/17')
  if (mend.valueFile !== undefined && mend.jsonFile !== undefined)
    throw new UsageError('either --value-file or --json-file, not both')
  return {
    verb: 'replay',
    which: positionals.length > 0 ? positionals.map(readPlace) : filter,
    limit: readCount('limit', values.limit, 1_000, 10_000),
    mend,
    anyway: readAnyway(values.anyway ?? []),
    yes: values.yes ?? false,
  }
}

const parseShow = (args: readonly string[]): Command => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { bytes: { type: 'string' }, save: { type: 'string' }, help: filters.help },
  })
  if (values.help) return { verb: 'help' }
  const [place, ...more] = positionals
  if (place === undefined || more.length > 0) throw new UsageError('show: name one letter, as show 3/17')
  return {
    verb: 'show',
    place: readPlace(place),
    bytes: readCount('bytes', values.bytes, 256, 65_536),
    save: values.save,
  }
}

const parseList = (args: readonly string[], now: number): Command => {
  const { values } = parseArgs({ args: [...args], options: filters })
  if (values.help) return { verb: 'help' }
  return { verb: 'list', filter: readFilter(values, now), limit: readCount('limit', values.limit, 20, 1_000) }
}

/**
 * What a command line asks for. `now`: epoch ms, for `--since 2h`.
 * @throws UsageError when it is not understood
 */
export const parseCommand = (argv: readonly string[], now: number): Command => {
  const [first = 'list'] = argv
  const verb = first.startsWith('-') && first !== '--help' && first !== '-h' ? 'list' : first
  const args = verb === first ? argv.slice(1) : argv
  try {
    switch (verb) {
      case 'help':
      case '--help':
      case '-h':
        return { verb: 'help' }
      case 'list':
        return parseList(args, now)
      case 'show':
        return parseShow(args)
      case 'replay':
        return parseReplay(args, now)
      default:
        throw new UsageError(`there is no ${verb}: list, show or replay`)
    }
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message)
    throw error
  }
}
