import { topics } from '../../schemas/topics.ts'

/** What documents may name. */
export type KnownNames = {
  /** Every file of the project and every folder (with a slash at its end), from its root. */
  readonly paths: ReadonlySet<string>
  /** Names of files in the text of programs: files that they make; and what git is told to ignore. */
  readonly made: ReadonlySet<string>
  readonly targets: ReadonlySet<string>
  /** Names in capitals: settings and other variables of the environment. */
  readonly variables: ReadonlySet<string>
  /** Of settings, as the page of settings has them. */
  readonly defaults: ReadonlyMap<string, string>
  readonly metrics: ReadonlySet<string>
  readonly topics: ReadonlySet<string>
  readonly alerts: ReadonlySet<string>
  /** Those of addresses that the project has by default. */
  readonly ports: ReadonlySet<string>
}

const all = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, name = '']) => name)

const foldersOf = (file: string): readonly string[] =>
  file
    .split('/')
    .slice(0, -1)
    .map((_, at, parts) => `${parts.slice(0, at + 1).join('/')}/`)

const isSource = (file: string): boolean =>
  /\.(ts|sh|ya?ml|tpl|xml|properties)$|(^|\/)(Makefile|Dockerfile)$|^\.ci\/run$/.test(file)

/** Reads what there is from the project's own files; `read` gives the text of one. */
export const readKnownNames = (files: readonly string[], read: (file: string) => string): KnownNames => {
  const textOf = (matches: (file: string) => boolean): string => files.filter(matches).map(read).join('\n')
  const isTest = (file: string): boolean => file.endsWith('.test.ts')
  // A test may name what is nowhere else; but a variable that it reads is one.
  const text = textOf((file) => isSource(file) && !isTest(file))
  const tests = textOf(isTest)
  const rules = textOf((file) => /rules\/[^/]*\.rules\.yml$/.test(file))
  return {
    paths: new Set(files.flatMap((file) => [file, ...foldersOf(file)])),
    made: new Set([
      ...all(
        textOf((file) => /(^|\/)\.gitignore$/.test(file)),
        /^\/?([\w.-]+)\/?$/gm,
      ),
      ...all(text, /['"`/ ]([\w.-]+\.(?:json|m3u8|log|md|xml|properties|yml|yaml))\b/g),
    ]),
    targets: new Set(all(read('Makefile'), /^([a-z][a-z-]*):/gm)),
    variables: new Set([
      ...all(text, /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/g),
      ...all(tests, /\benv(?:\['|\.)([A-Z][A-Z0-9_]*)/g),
    ]),
    defaults: new Map(
      [...read('docs/configuration.generated.md').matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm)].map(
        ([, name = '', value = '']) => [name, value],
      ),
    ),
    metrics: new Set(all(read('docs/metrics.generated.md'), /`(roomcast_[a-z_]+)`/g)),
    topics: new Set(Object.values(topics).map(({ name }) => name)),
    alerts: new Set(all(rules, /\balert: (\w+)/g)),
    ports: new Set(all(text, /(?:[pP]ort\(|(?:PORT\w*'?:|[pP]ort:) *'?|:\/\/[\w.]+:)(\d{4,5})\b/g)),
  }
}
