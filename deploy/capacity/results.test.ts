import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readResults } from './results.ts'

test('a figure that was not measured is named, with the benchmark that measures it', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-capacity-'))
  context.after(() => rm(folder, { recursive: true }))
  const result = {
    measuredAt: '2026-01-02T03:04:05.006Z',
    machine: { cpu: 'one', cores: 2 },
    cases: [{ name: 'edge', median: { rssMiB: 12 }, runs: [{ rssMiB: 11 }, { rssMiB: 13 }] }],
  }
  await writeFile(join(folder, 'idle.json'), JSON.stringify(result))
  const results = readResults(folder)
  assert.equal(results.median('idle', 'edge', 'rssMiB'), 12)
  assert.deepEqual(results.runs('idle', 'edge', 'rssMiB'), [11, 13])
  assert.equal(results.measuredOn('idle'), '2026-01-02')
  assert.throws(
    () => results.median('idle', 'edge', 'cores'),
    /cores of "edge" is not in .*idle\.json: make bench BENCH=idle/,
  )
  assert.throws(() => results.median('idle', 'bare', 'rssMiB'), /the case "bare" is not in/)
  assert.throws(() => results.median('pace', 'x', 'y'), /make bench BENCH=pace/)
})
