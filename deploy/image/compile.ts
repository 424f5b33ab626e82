// Writes the JavaScript of an image: what the given entry files import, with the types stripped, and nothing else.
//   node deploy/image/compile.ts <folder> <entry.ts>…
// Node.js strips the types itself where roomcast runs from its sources; in an image that would cost each process 30 MB and half a
// second. It is the same stripping: lines and columns stay what they are in the sources.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

/** A relative path to a module, as it stands in imports and in what is spawned. */
const modulePath = /(?<=['"])(\.{1,2}\/[^'"\n]*)\.ts(?=['"])/g

/**
 * Writes `entries` (paths in `root`) and everything that they import to `folder`, as `.js` at the same relative paths, and returns those.
 * Throws when an import leads nowhere.
 */
export const compile = ({
  root,
  folder,
  entries,
}: {
  readonly root: string
  readonly folder: string
  readonly entries: readonly string[]
}): readonly string[] => {
  const wanted = new Set(entries.map((entry) => join(entry)))
  // A set that grows while it is walked through is walked to its new end.
  for (const path of wanted) {
    const stripped = stripTypeScriptTypes(readFileSync(join(root, path), 'utf8'))
    for (const [, module] of stripped.matchAll(modulePath)) wanted.add(join(dirname(path), `${module}.ts`))
    const target = join(folder, toJavaScript(path))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, stripped.replaceAll(modulePath, '$1.js'))
  }
  return [...wanted].map(toJavaScript)
}

const toJavaScript = (path: string): string => path.replace(/\.ts$/, '.js')

/** The Avro schemas are read as files. */
const copySchemas = (root: string, folder: string): void => {
  mkdirSync(join(folder, 'schemas'), { recursive: true })
  for (const file of readdirSync(join(root, 'schemas')).filter((name) => name.endsWith('.avsc'))) {
    copyFileSync(join(root, 'schemas', file), join(folder, 'schemas', file))
  }
}

if (import.meta.main) {
  const [folder, ...entries] = process.argv.slice(2)
  if (folder === undefined || entries.length === 0) {
    console.error('usage: node deploy/image/compile.ts <folder> <entry.ts>…')
    process.exit(64)
  }
  const root = join(import.meta.dirname, '../..')
  const files = compile({ root, folder, entries })
  copySchemas(root, folder)
  // Of package.json the image needs no more than that the files are modules, and whose they are.
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name, version, license, type: 'module' }, null, 2)}\n`,
  )
  console.log(`${files.length} modules in ${folder}`)
}
