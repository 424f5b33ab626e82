import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeMetrics, registerServices } from './metrics-page.ts'

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

test('every counter is there with 0 before anything is counted: an increase from nothing would not be seen', async () => {
  for (const [service, metrics] of registerServices()) {
    for (const { name, type, values } of await metrics.getMetricsAsJSON()) {
      if (!name.startsWith('roomcast_') || String(type) !== 'counter') continue
      assert.ok(values.length > 0, `${service}: ${name}`)
      assert.ok(
        values.every(({ value }) => value === 0),
        name,
      )
    }
    metrics.clear()
  }
})

test('no label can hold a room, a user or a text from outside', () => {
  const labels = new Set(all.flatMap(({ labels: names }) => names))
  const bounded =
    'action api as code from kind lane part partition phase reason result route state status to topic type waiting_for way weight'
  assert.deepEqual([...labels].toSorted(), bounded.split(' '))
})
