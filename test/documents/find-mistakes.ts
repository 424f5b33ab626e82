import { posix } from 'node:path'
import type { KnownNames } from './known-names.ts'
import type { Markdown, Piece } from './markdown.ts'
import { findWrongDefaults } from './wrong-defaults.ts'

export type Mistake = { readonly line: number; readonly says: string }

type Look = (document: string, markdown: Markdown, known: KnownNames) => readonly Mistake[]

/** Looks for names in pieces of text; `isKnown` false: a mistake. */
const findUnknown = (
  pieces: readonly Piece[],
  pattern: RegExp,
  what: string,
  isKnown: (name: string) => boolean,
): readonly Mistake[] =>
  pieces.flatMap(({ text, line }) =>
    [...text.matchAll(pattern)]
      .map(([, name = '']) => name)
      .filter((name) => !isKnown(name))
      .map((name) => ({ line, says: `there is no ${what} ${name}` })),
  )

const lookAtTargets: Look = (_, { code }, { targets }) =>
  findUnknown(code, /(?:^|[\s`(])make ([a-z][a-z-]*)/g, 'make target', (name) => targets.has(name))

/** One that ends with _ stands for all that begin so. A command may have one of its own, with a default: `${NAME:-1}`. */
const lookAtVariables: Look = (_, { lines }, { variables }) => {
  const own = new Set(lines.flatMap(({ text }) => [...text.matchAll(/\$\{(\w+):-/g)].map(([, name = '']) => name)))
  const isKnown = (name: string): boolean =>
    variables.has(name) || own.has(name) || (name.endsWith('_') && [...variables].some((each) => each.startsWith(name)))
  return findUnknown(
    lines,
    /(?<![\w/.$*-])((?=[A-Z])(?:[A-Z0-9]+_)+[A-Z0-9]*)(?![\w(-]|\.\w)/g,
    'setting or variable',
    isKnown,
  )
}

const suffixes = /_(bucket|sum|count)$/
const lookAtMetrics: Look = (_, { code }, { metrics }) =>
  findUnknown(
    code,
    /\b(roomcast_[a-z_]+)/g,
    'metric',
    (name) =>
      metrics.has(name) ||
      metrics.has(name.replace(suffixes, '')) ||
      (name.endsWith('_') && [...metrics].some((each) => each.startsWith(name))),
  )

const lookAtTopics: Look = (_, { lines }, { topics }) =>
  findUnknown(lines, /\b((?:[a-z]+[.-])+[a-z]+\.v\d+)\b/g, 'topic', (name) => topics.has(name))

const lookAtPorts: Look = (_, { lines }, { ports }) =>
  findUnknown(lines, /(?:127\.0\.0\.1|localhost):(\d+)/g, 'default port', (name) => ports.has(name))

/** An alert is named by its label, or as a heading of the runbook. */
const lookAtAlerts: Look = (_, { lines }, { alerts }) =>
  findUnknown(lines, /\balertname="(\w+)"/g, 'alert', (name) => alerts.has(name))

const topFolders = 'services|schemas|deploy|test|docs|\\.ci'
const extensions = 'ts|sh|ya?ml|json|avsc|md|xml|properties|html|py'
const path = new RegExp(
  `(?<![\\w./$~@*{}…-])((?:\\.\\.?/)*(?:(?:${topFolders})/[\\w./{},*-]*|[\\w-]+(?:[/.][\\w{},*-]+)*\\.(?:${extensions})(?![\\w.-])))`,
  'g',
)

const patternOf = (name: string): RegExp =>
  new RegExp(
    `^${name
      .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
      .replaceAll('{', '(?:')
      .replaceAll('}', ')')
      .replaceAll(',', '|')
      .replaceAll('**', '.+')
      .replaceAll(/(?<!\.)\*/g, '[^/]*')}/?$`,
  )

/** Kafka's own programs. */
const isOfKafka = (name: string): boolean => /^kafka-[a-z-]+\.sh$/.test(name)

/** A path from the document's folder or from the root, or the end of one; of a file that programs make its name. */
const isPath = (name: string, document: string, { paths, made }: KnownNames): boolean => {
  const tidy = name.replace(/[.,]$/, '')
  const candidates = [posix.normalize(posix.join(posix.dirname(document), tidy)), posix.normalize(tidy)]
  if (candidates.some((each) => paths.has(each) || paths.has(`${each}/`))) return true
  if (isOfKafka(tidy) || made.has(posix.basename(tidy))) return true
  if (tidy.startsWith('.')) return false
  const ending = patternOf(`{**/,}${tidy}`)
  return [...paths].some((each) => ending.test(each))
}

/** Files that the document's own commands make: `command > file`, `cp from file`. */
const madeBy = (code: readonly Piece[]): ReadonlySet<string> =>
  new Set(code.flatMap(({ text }) => [...text.matchAll(/(?:>|\bcp \S+) *([\w./-]+)/g)].map(([, name = '']) => name)))

const lookAtPaths: Look = (document, { code }, known) => {
  const own = madeBy(code)
  return findUnknown(code, path, 'file', (name) => own.has(name) || isPath(name, document, known))
}

const lookAtDefaults: Look = (_, { lines }, { defaults }) => findWrongDefaults(lines, defaults)

export type FindAnchors = (document: string) => ReadonlySet<string> | undefined

/** Links inside of the project lead to something; `anchorsOf` gives those of another document. */
const lookAtLinks =
  (anchorsOf: FindAnchors): Look =>
  (document, { links }, { paths }) =>
    links.flatMap(({ text, line }) => {
      if (/^[a-z]+:/.test(text)) return []
      const [target = '', anchor] = text.split('#')
      const to = target === '' ? document : posix.normalize(posix.join(posix.dirname(document), decodeURI(target)))
      if (!paths.has(to) && !paths.has(`${to}/`) && to !== './')
        return [{ line, says: `the link ${text} leads nowhere` }]
      if (anchor === undefined || anchorsOf(to)?.has(anchor) !== false) return []
      return [{ line, says: `the link ${text} leads to no heading of ${to}` }]
    })

/** What a document names that does not exist. A page of history is held to its links alone: it names what was. */
export const findMistakes = (
  document: string,
  markdown: Markdown,
  { known, anchorsOf, isHistory = false }: { known: KnownNames; anchorsOf: FindAnchors; isHistory?: boolean },
): readonly Mistake[] => {
  const looks = [
    lookAtTargets,
    lookAtVariables,
    lookAtMetrics,
    lookAtTopics,
    lookAtPorts,
    lookAtAlerts,
    lookAtPaths,
    lookAtDefaults,
  ]
  return [lookAtLinks(anchorsOf), ...(isHistory ? [] : looks)]
    .flatMap((look) => look(document, markdown, known))
    .toSorted((one, other) => one.line - other.line)
}
