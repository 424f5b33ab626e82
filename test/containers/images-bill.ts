import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject } from 'ajv'
import { z } from 'zod'

const schemas = new URL('../res/schema/', import.meta.resolve('@cyclonedx/cyclonedx-library'))

const readSchema = (name: string): object =>
  JSON.parse(readFileSync(new URL(`${name}.SNAPSHOT.schema.json`, schemas), 'utf8'))

/** What a document has against the published schema of CycloneDX 1.5; nothing when it is valid. */
export const findFaults = (document: unknown): readonly ErrorObject[] => {
  const ajv = new Ajv({ strict: false, validateFormats: false })
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema(readSchema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
  }
  const validate = ajv.compile(readSchema('bom-1.5'))
  return validate(document) ? [] : (validate.errors ?? [])
}

const Bill = z.object({ components: z.array(z.object({ purl: z.string() })) })

/** The components of one kind of package URL (`pkg:npm/`), without that beginning and without qualifiers, in the order of the bill. */
export const namesIn = (bill: unknown, kind: string): readonly string[] =>
  Bill.parse(bill)
    .components.map(({ purl }) => decodeURIComponent(purl))
    .filter((purl) => purl.startsWith(kind))
    .map((purl) => purl.slice(kind.length).replace(/\?.*/, ''))
