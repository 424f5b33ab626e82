// Documents name what exists: files, headings, make targets, settings, metrics, topics, ports. Every document is in the list of documents.
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findMistakes } from './find-mistakes.ts'
import { readKnownNames } from './known-names.ts'
import { readMarkdown, type Markdown } from './markdown.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const list = 'docs/README.md'

/** What drills wrote down of a day, and what is planted to prove a check. */
const isRecord = (file: string): boolean => /^test\/(drills\/results|boundaries\/planted)\//.test(file)

const listFiles = (): readonly string[] => {
  const args = ['-c', `safe.directory=${root.replace(/\/$/, '')}`, 'ls-files', '-z', '-co', '--exclude-standard']
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && statSync(`${root}${file}`, { throwIfNoEntry: false })?.isFile() === true)
}

const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8')

const main = (): number => {
  const files = listFiles()
  const known = readKnownNames(files, read)
  const documents = files.filter((file) => file.endsWith('.md') && !isRecord(file))
  const pages = new Map<string, Markdown>(documents.map((file) => [file, readMarkdown(read(file))]))
  const complaints = [...pages].flatMap(([document, page]) =>
    findMistakes(document, page, {
      known,
      anchorsOf: (other) => pages.get(other)?.anchors,
      isHistory: document === 'CHANGELOG.md',
    }).map(({ line, says }) => `${document}:${line}: ${says}`),
  )
  const published = [...documents, ...files.filter((file) => /^docs\/[^/]*\.json$/.test(file))]
  const listed = new Set(
    pages.get(list)?.links.map(({ text }) => fileURLToPath(new URL(text, `file:///docs/`)).slice(1)),
  )
  const unlisted = published.filter((file) => file !== list && !listed.has(file))
  for (const complaint of [...complaints, ...unlisted.map((file) => `${list}: ${file} is not on the list`)]) {
    console.error(complaint)
  }
  return complaints.length + unlisted.length
}

process.exitCode = main() > 0 ? 1 : 0
