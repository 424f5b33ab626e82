// Keeps the current records as those of a released version: `node schemas/release.ts 0.1.0` copies them to
// released/0.1.0/. From then on compatibility.ts holds every change against them.
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { checkReleased } from './compatibility.ts'

const release = (version: string): string => {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error('which version? For example: node schemas/release.ts 0.1.0')
  const target = new URL(`./released/${version}/`, import.meta.url)
  if (existsSync(target)) throw new Error(`version ${version} is released already; a released set never changes`)
  const complaints = checkReleased()
  if (complaints.length > 0) throw new Error(`not compatible with what was released:\n${complaints.join('\n')}`)

  const unfinished = new URL(`./released/.new-${version}/`, import.meta.url)
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  const files = readdirSync(new URL('./', import.meta.url)).filter((name) => name.endsWith('.avsc'))
  for (const file of files) copyFileSync(new URL(file, import.meta.url), new URL(file, unfinished))
  renameSync(unfinished, target)
  return `kept ${files.length} records in schemas/released/${version}/`
}

try {
  console.log(release(process.argv[2] ?? ''))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
