import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMavenProgress } from './maven-progress.ts'

test('adds up what was downloaded and counts jars and archives, not their descriptions', () => {
  const { read, progress } = createMavenProgress()
  read('Downloaded from central: https://example.org/a/1/a-1.pom (2.0 kB at 3.6 kB/s)\n')
  read('Downloaded from central: https://example.org/a/1/a-1.jar (1.5 MB at 9.9 MB/s)\n')
  assert.deepEqual(progress(), { bytes: 1_502_000, files: 1 })
})

test('tells how far downloads under way are, until they are finished', () => {
  const { read, progress } = createMavenProgress()
  read('Progress (2): 37/109 MB | 500/900 kB\r')
  assert.deepEqual(progress(), { bytes: 37_500_000, files: 0 })
  read('Downloaded from central: https://example.org/a.tar.gz (109 MB at 12 MB/s)\n')
  assert.deepEqual(progress(), { bytes: 109_000_000, files: 1 })
})

test('understands lines that come in pieces', () => {
  const { read, progress } = createMavenProgress()
  read('Downloaded from mirror: https://example.org/b-2.ja')
  read('r (10 kB at 1')
  assert.deepEqual(progress(), { bytes: 0, files: 0 })
  read(' kB/s)\n')
  assert.deepEqual(progress(), { bytes: 10_000, files: 1 })
})
