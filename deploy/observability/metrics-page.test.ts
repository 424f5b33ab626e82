import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeMetrics } from './metrics-page.ts'

const all = [...describeMetrics()].flatMap(([service, metrics]) => metrics.map((metric) => ({ service, ...metric })))

test('every service counts something, and says what each metric means', () => {
  assert.deepEqual([...describeMetrics().keys()], ['ingest', 'state-machine', 'mixer', 'edge'])
  for (const metrics of describeMetrics().values()) assert.ok(metrics.length > 5)
  assert.deepEqual(
    all.filter(({ help }) => help.length < 10),
    [],
  )
})

test('names are made as the rules say: counters end in _total, nothing else does', () => {
  const misnamed = all.filter(({ name, type }) => (type === 'counter') !== name.endsWith('_total'))
  assert.deepEqual(misnamed, [])
  assert.deepEqual(
    all.filter(({ name }) => !/^roomcast(_[a-z]+)+$/.test(name)),
    [],
  )
})

test('a metric that several services have is the same in each', () => {
  const texts = new Map<string, Set<string>>()
  for (const { service: _, name, ...rest } of all) {
    texts.set(name, (texts.get(name) ?? new Set()).add(JSON.stringify(rest)))
  }
  assert.deepEqual(
    [...texts].filter(([, different]) => different.size > 1).map(([name]) => name),
    [],
  )
})

test('no label can hold a room, a user or a text from outside', () => {
  const labels = new Set(all.flatMap(({ labels: names }) => names))
  const bounded =
    'action as code counted from kind lane partition phase reason result route state status to topic type waiting_for way weight'
  assert.deepEqual([...labels].toSorted(), bounded.split(' '))
})
