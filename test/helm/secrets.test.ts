// deadline: 240 s
import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { chartServices } from '../../deploy/helm/services.ts'
import { chartFolder, chartTest } from './chart-stage.ts'
import { ofKind, podsOf } from './objects.ts'

/** Every name under which any service, or the setup, takes a secret. */
const secretNames = new Set([
  ...Object.values(chartServices).flatMap(({ secrets }) => secrets),
  'KAFKA_SASL_PASSWORD',
  'SCHEMA_REGISTRY_PASSWORD',
])

chartTest('a secret is given by reference only, and the chart makes none', async ({ examples, render }) => {
  let references = 0
  for (const example of examples) {
    const objects = await render(example)
    assert.deepEqual(ofKind(objects, 'Secret'), [])
    for (const { containers } of podsOf(objects).values()) {
      for (const { name, value, valueFrom } of containers[0].env) {
        if (!secretNames.has(name)) continue
        assert.equal(value, undefined, `${example}: ${name}`)
        assert.ok(valueFrom?.secretKeyRef)
        references += 1
      }
    }
  }
  assert.ok(references > 20)
})

chartTest('what Helm keeps of a release fits into a Secret', async ({ renderText }) => {
  const paths = (await readdir(chartFolder, { recursive: true })).map((name) => join(chartFolder, name))
  const files = await Promise.all(
    paths.map(async (path) => ((await stat(path)).isFile() ? readFile(path, 'base64') : '')),
  )
  // Chart and manifest as JSON, compressed, twice in base64: once by Helm, once by Kubernetes, whose limit is 1 MiB before that.
  const release = gzipSync(JSON.stringify({ files, manifest: await renderText('everything') })).toString('base64')
  assert.ok(release.length < 512 * 1024, `${release.length} bytes`)
})
