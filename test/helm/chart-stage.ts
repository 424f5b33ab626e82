import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { runTool } from './fetch.ts'
import { kubernetesVersions } from './fetch-schemas.ts'
import { parseObjects, type KubernetesObject } from './objects.ts'
import { fetchTools, type ChartTools } from './tools.ts'

export const chartFolder = fileURLToPath(new URL('../../deploy/helm/roomcast', import.meta.url))
const examplesFolder = join(chartFolder, '../examples')

const [, newest] = kubernetesVersions
const install = 'run `make chart` once more'

const Values = z.record(z.string(), z.unknown())
export type Values = Readonly<Record<string, unknown>>

/** Values with others put over them; null takes one away. */
const putOver = (values: Values, over: Values): Values => {
  const merged = Object.entries(over).map(([key, value]) => {
    const [inner, outer] = [Values.safeParse(values[key]), Values.safeParse(value)]
    return [key, inner.success && outer.success ? putOver(inner.data, outer.data) : value] as const
  })
  return Object.fromEntries([...Object.entries(values), ...merged].filter(([key]) => over[key] !== null))
}

export type Chart = {
  readonly helm: string
  /** The names of the examples. */
  readonly examples: readonly string[]
  /** The objects that an example gives, with these values put over it (null takes one away). Rejects with what Helm said. */
  readonly render: (example: string, values?: Values) => Promise<readonly KubernetesObject[]>
  readonly renderText: (example: string, values?: Values) => Promise<string>
  readonly lint: (example: string) => Promise<string>
  /** What kubeconform says of a manifest; rejects when an object is not valid in that version. */
  readonly conform: (manifest: string, kubernetesVersion: string) => Promise<string>
}

const withFile = async <T>(name: string, text: string, use: (path: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'chart-'))
  try {
    await writeFile(join(folder, name), text)
    return await use(join(folder, name))
  } finally {
    await rm(folder, { recursive: true })
  }
}

const openChart = async ({ helm, kubeconform, schemaLocations }: ChartTools): Promise<Chart> => {
  const examples = (await readdir(examplesFolder)).map((file) => basename(file, '.yaml')).toSorted()
  const fileOf = (example: string): string => join(examplesFolder, `${example}.yaml`)
  const renderText = async (example: string, values: Values = {}): Promise<string> => {
    const given = Values.parse(parse(await readFile(fileOf(example), 'utf8')))
    return withFile('values.yaml', stringify(putOver(given, values)), async (path) => {
      const from = ['template', 'rooms', chartFolder, '--namespace', 'live', '--kube-version', newest]
      return runTool(helm, [...from, '--values', path], { install })
    })
  }
  return {
    helm,
    examples,
    renderText,
    render: async (example, values) => parseObjects(await renderText(example, values)),
    lint: async (example) => {
      const args = ['lint', '--strict', chartFolder, '--kube-version', newest, '--values', fileOf(example)]
      return runTool(helm, args, { install })
    },
    conform: async (manifest, kubernetesVersion) =>
      withFile('manifest.yaml', manifest, async (path) => {
        const locations = schemaLocations.flatMap((location) => ['-schema-location', location])
        const args = ['-strict', '-summary', '-kubernetes-version', kubernetesVersion, ...locations, path]
        return runTool(kubeconform, args, { install })
      }),
  }
}

const tools = await fetchTools({ say: console.log })
const opened = 'missing' in tools ? tools : await openChart(tools)

/** A test of the rendered chart; skipped with what to install where this machine cannot render it. */
export const chartTest = (name: string, body: (chart: Chart) => Promise<void>): void => {
  if ('missing' in opened) test(name, { skip: opened.missing }, () => {})
  else test(name, () => body(opened))
}
