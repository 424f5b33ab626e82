import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clock, formatValue, markdownTable } from './format.ts'

describe('values as a dashboard shows them', () => {
  test('seconds, bytes, shares and rates have three digits and a unit of their size', () => {
    const shown = [
      formatValue(0.0123456, 's'),
      formatValue(75, 's'),
      formatValue(1536, 'bytes'),
      formatValue(0.9987, 'percentunit'),
      formatValue(12.345, 'mps'),
      formatValue(1234, 'short'),
    ]
    assert.deepEqual(shown, ['12.3 ms', '1.25 min', '1.5 KiB', '99.9 %', '12.3 /s', '1230'])
  })

  test('nothing is told from naught', () => {
    assert.equal(formatValue(null, 's'), '–')
    assert.equal(formatValue(0, 's'), '0')
    assert.equal(formatValue(Infinity, 's'), 'Infinity')
  })

  test('a cell with a bar or a line break leaves the table whole', () => {
    assert.equal(markdownTable(['a', 'b'], [['4|5', 'one\ntwo']]), '| a | b |\n| --- | --- |\n| 4\\|5 | one two |')
  })

  test('a clock is in UTC', () => {
    assert.equal(clock(Date.UTC(2026, 0, 2, 3, 4, 5)), '03:04:05')
  })
})
