// Refuses files that only make sense on one machine: absolute paths of somebody's folders, and hosts of package registries.
// Packages are fetched by their ordinary clients, and those know where from.
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

const refused: readonly (readonly [string, RegExp])[] = [
  ['a path of one machine', /(?<![\w.$}~*-])\/(?:work|root|home\/\w+|Users\/\w+|tmp)\/[\w.-]/],
  [
    'a host of a package registry',
    /\b(?:registry\.(?:npmjs|yarnpkg)\.(?:org|com)|repo1?\.maven(?:\.apache)?\.org|pypi\.org|files\.pythonhosted\.org|deb\.debian\.org|proxy\.golang\.org|static\.crates\.io)\b/i,
  ],
]

/** Tracked files, and new ones that are not ignored. Outside a git checkout there is nothing to look at. */
const listFiles = (): readonly string[] => {
  const args = ['-c', `safe.directory=${root.replace(/\/$/, '')}`, 'ls-files', '-z', '-co', '--exclude-standard']
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && statSync(`${root}${file}`, { throwIfNoEntry: false })?.isFile() === true)
}

const complaints = listFiles().flatMap((file) =>
  readFileSync(`${root}${file}`, 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      refused.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${file}:${index + 1}: ${what}`),
    ),
)

for (const complaint of complaints) console.error(complaint)
process.exitCode = complaints.length > 0 ? 1 : 0
