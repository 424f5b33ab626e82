// deadline: 240 s
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../../deploy/local/services.ts'
import { chartTest } from './chart-stage.ts'
import { runTool } from './fetch.ts'

const readme = join(root, 'deploy/helm/README.md')

/** What needs a cluster, and `make chart`, which runs this test. */
const cannotRun = /^(kubectl|helm (install|test)|make) /m

/** The blocks of commands of the README, in their order. */
const readBlocks = async (): Promise<readonly string[]> =>
  [...(await readFile(readme, 'utf8')).matchAll(/^ *```sh\n(.*?)^ *```/gms)].map(([, block = '']) =>
    block.replaceAll(/^ +/gm, ''),
  )

chartTest('the commands of the README that need no cluster run as written, in their order', async ({ helm }) => {
  const blocks = (await readBlocks()).filter((block) => !cannotRun.test(block))
  assert.equal(blocks.length, 2)
  const folder = await mkdtemp(join(tmpdir(), 'chart-'))
  try {
    await symlink(join(root, 'deploy'), join(folder, 'deploy'))
    const env = { ...process.env, PATH: `${dirname(helm)}:${process.env['PATH']}` }
    const script = ['set -euo pipefail', `cd ${folder}`, ...blocks].join('\n')
    const said = await runTool('bash', ['-c', script], { install: 'install bash', env })
    assert.match(said, /1 chart\(s\) linted, 0 chart\(s\) failed/)
    assert.match(said, /^kind: Deployment$/m)
  } finally {
    await rm(folder, { recursive: true })
  }
})
