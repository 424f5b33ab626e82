import { readFileSync } from 'node:fs'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const { version, license } = JSON.parse(read('../../package.json')) as { version: string; license: string }

/** What every document says of the project. */
export const project = { version, license: { name: license } } as const
