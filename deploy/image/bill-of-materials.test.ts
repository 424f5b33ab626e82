import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFaults } from '../../test/containers/images-bill.ts'
import { describeImage, readDebianPackages } from './bill-of-materials.ts'

const status = `Package: tini
Status: install ok installed
Architecture: amd64
Version: 0.19.0-1+b3
Description: tiny but valid init
 Version: not this one

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1
`

const npm = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { 'bom-ref': 'roomcast@0.1.0', type: 'application', name: 'build', version: '0.1.0' } },
  components: [{ 'bom-ref': 'zod@4.6.7', type: 'library', name: 'zod', version: '4.6.7', purl: 'pkg:npm/zod@4.6.7' }],
  dependencies: [{ ref: 'roomcast@0.1.0', dependsOn: ['zod@4.6.7'] }],
}

test('of Debian what is installed is named, with its package URL', () => {
  const purl = 'pkg:deb/debian/tini@0.19.0-1%2Bb3?arch=amd64'
  assert.deepEqual(readDebianPackages(status), [
    { 'bom-ref': purl, type: 'library', name: 'tini', version: '0.19.0-1+b3', purl },
  ])
})

test('the packages of npm, the runtime and the system are one valid document', () => {
  const image = describeImage({ npm, status, node: '22.23.3' })
  assert.deepEqual(findFaults(image), [])
  assert.deepEqual(
    image.components.map(({ name }) => name),
    ['zod', 'node', 'tini'],
  )
  assert.equal(image.metadata.component['name'], 'roomcast')
  assert.notDeepEqual(findFaults({ ...image, components: [{ name: 'without a type' }] }), [])
})

test('a package that npm installed in two places is named once', () => {
  const image = describeImage({
    npm: {
      ...npm,
      components: [...npm.components, ...npm.components],
      dependencies: [...npm.dependencies, ...npm.dependencies],
    },
    status,
    node: '22.23.3',
  })
  assert.deepEqual(findFaults(image), [])
})

test('a status file without packages stops the build: something else is wrong then', () => {
  assert.throws(() => describeImage({ npm, status: '', node: '22.23.3' }), /no installed package/)
})
