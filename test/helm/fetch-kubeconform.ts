import { join } from 'node:path'
import { fetchOnce, runTool, type Fetching } from './fetch.ts'

const version = '0.7.0'
export const installGo = 'install Go 1.24 or later (https://go.dev/doc/install); it builds kubeconform'
/** What a Go says that is older, and cannot fetch a newer one by itself. */
export const goTooOld = /unknown directive|invalid go version|requires go|toolchain not available/

/** Builds kubeconform from its Go module; tools/go.mod has the versions, tools/go.sum the digests of all that goes in. */
export const fetchKubeconform = async ({ say, signal }: Fetching): Promise<string> => {
  const what = `kubeconform ${version} (built by Go in about half a minute)`
  const folder = await fetchOnce({ what, name: `kubeconform-${version}`, say }, async (draft) => {
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -trimpath' }
    const args = ['build', '-C', join(import.meta.dirname, 'tools'), '-o', join(draft, 'kubeconform')]
    const options = { install: installGo, unfit: goTooOld, env, signal }
    await runTool('go', [...args, 'github.com/yannh/kubeconform/cmd/kubeconform'], options)
  })
  return join(folder, 'kubeconform')
}
