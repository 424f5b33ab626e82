import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scaleDurations } from './scale-durations.ts'

const rules = `groups:
  - name: services
    interval: 15s
    rules:
      - alert: ServiceDown
        expr: max by (job) (avg_over_time(up[5m])) == 0
        for: 1m
        annotations:
          summary: nothing for 5m
`

test('every pause is multiplied, and no expression and no text changes', () => {
  const scaled = scaleDurations(rules, 0.05)
  assert.equal(scaled, rules.replace('interval: 15s', 'interval: 750ms').replace('for: 1m', 'for: 3000ms'))
})

test('the pauses of Prometheus and Alertmanager are among them', () => {
  const text =
    'scrape_interval: 15s\nevaluation_interval: 10s\ngroup_wait: 30s\ngroup_interval: 5m\nrepeat_interval: 24h\n'
  const scaled = 'scrape_interval: 1500ms\nevaluation_interval: 1000ms\ngroup_wait: 3000ms\n'
  assert.equal(scaleDurations(text, 0.1), `${scaled}group_interval: 30000ms\nrepeat_interval: 8640000ms\n`)
})

test('nothing becomes shorter than 100 ms', () => {
  assert.equal(scaleDurations('  for: 1s', 0.001), '  for: 100ms')
})

test('a scale of one leaves the text alone', () => {
  assert.equal(scaleDurations(rules, 1), rules)
})
