import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bits, bytes, markdownTable, percent, roughly } from './text.ts'

test('numbers have two digits', () => {
  assert.deepEqual([0, 0.0123, 0.5, 1.26, 12.4, 1_234, 995_000].map(roughly), [
    '0',
    '0.012',
    '0.5',
    '1.3',
    '12',
    '1,200',
    '1,000,000',
  ])
})

test('amounts have units that keep them short', () => {
  assert.deepEqual([bytes(0), bytes(999), bytes(1_500_000), bytes(8.6e12)], ['0 B', '1,000 B', '1.5 MB', '8.6 TB'])
  assert.deepEqual([bits(48), bits(1_800), percent(0.256)], ['48 Mbit/s', '1.8 Gbit/s', '26 %'])
})

test('columns of tables are as wide as their widest cell', () => {
  assert.equal(
    markdownTable(['what', 'n'], [['edge', '1,000']], ['left', 'right']),
    ['| what |     n |', '| ---- | ----: |', '| edge | 1,000 |'].join('\n'),
  )
})
