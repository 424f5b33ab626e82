// Writes what an image consists of as one CycloneDX document: npm's own account of the packages, Node.js, and the packages of Debian.
//   node deploy/image/bill-of-materials.ts <npm's document> <dpkg's status file> > sbom.cdx.json
import { readFileSync } from 'node:fs'

type Component = Readonly<Record<string, unknown>>
type Document = {
  readonly metadata: { readonly component: Component } & Readonly<Record<string, unknown>>
  readonly components: readonly Component[]
  readonly dependencies: readonly Component[]
} & Readonly<Record<string, unknown>>

/** The fields of the first lines of one entry; what is continued on indented lines is of no interest here. */
const readEntry = (entry: string): ReadonlyMap<string, string> =>
  new Map(
    entry.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Z][\w-]*): (.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }),
  )

/** The installed packages of a dpkg status file (deb-control(5)), by the package URL specification's type `deb`. */
export const readDebianPackages = (status: string): readonly Component[] =>
  status.split(/\n\n+/).flatMap((text) => {
    const entry = readEntry(text)
    const [name, version, architecture] = ['Package', 'Version', 'Architecture'].map((field) => entry.get(field))
    if (name === undefined || version === undefined || entry.get('Status') !== 'install ok installed') return []
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`
    return [{ 'bom-ref': purl, type: 'library', name, version, purl }]
  })

/** npm names a package twice that is installed in two places; a reference must be there once. */
const once = (items: readonly Component[]): readonly Component[] => [
  ...new Map(items.map((item) => [item['bom-ref'] ?? item['ref'], item])).values(),
]

/** `npm sbom --sbom-format cyclonedx` with what npm does not know of: the runtime and the system. */
export const describeImage = ({
  npm,
  status,
  node,
}: {
  readonly npm: Document
  /** Of dpkg. */
  readonly status: string
  /** Without a `v`. */
  readonly node: string
}): Document => {
  const purl = `pkg:generic/node@${node}`
  const runtime = { 'bom-ref': purl, type: 'platform', name: 'node', version: node, purl }
  const system = readDebianPackages(status)
  if (system.length === 0) throw new Error('the status file names no installed package')
  const { component } = npm.metadata
  return {
    ...npm,
    metadata: { ...npm.metadata, component: { ...component, name: 'roomcast' } },
    components: once([...npm.components, runtime, ...system]),
    dependencies: once([...npm.dependencies, ...[runtime, ...system].map((one) => ({ ref: one['bom-ref'] }))]),
  }
}

if (import.meta.main) {
  const [npmFile, statusFile] = process.argv.slice(2)
  if (npmFile === undefined || statusFile === undefined) {
    console.error("usage: node deploy/image/bill-of-materials.ts <npm's document> <dpkg's status file>")
    process.exit(64)
  }
  const npm = JSON.parse(readFileSync(npmFile, 'utf8')) as Document
  const image = describeImage({ npm, status: readFileSync(statusFile, 'utf8'), node: process.versions.node })
  console.log(JSON.stringify(image, null, 2))
}
