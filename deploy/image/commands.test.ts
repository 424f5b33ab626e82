import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8')

/** The commands that are modules, by what they run: `ingest | mixer) module=services/$1/main.js`. */
const modules = new Map(
  [...read('roomcast').matchAll(/^ {2}(.+)\) module=(\S+)\.js ;;$/gm)].flatMap(([, names = '', module = '']) =>
    names.split(' | ').map((name): [string, string] => [name, `${module.replace('$1', name)}.ts`]),
  ),
)

test('every command is compiled into the image, and nothing else is', () => {
  const compiled = /compile\.ts \/app((?:\s+\\?\s*\S+\.ts)+)/.exec(read('../Dockerfile'))?.[1] ?? ''
  assert.deepEqual(new Set(compiled.match(/\S+\.ts/g)), new Set(modules.values()))
})

test('every command is in the help, and in the table of deploy/README.md', () => {
  const help = /HELP'\n([^]*)HELP\n/.exec(read('roomcast'))?.[1] ?? ''
  for (const name of [...modules.keys(), 'probe']) {
    assert.match(help, new RegExp(`^ +(.* \\| )?${name}\\b`, 'm'))
    assert.match(read('../README.md'), new RegExp(`^\\|.*\`${name}\\b`, 'm'))
  }
})
