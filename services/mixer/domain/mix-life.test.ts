import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveMix, newMix } from './mix-life.ts'
import type { MixEvent, MixReport } from './mix-life.ts'

const main = (kind: 'there' | 'lost', framesSent = 0): MixEvent => ({ kind, half: 'main', framesSent })
const other = (kind: 'there' | 'lost', framesSent = 0): MixEvent => ({ kind, half: 'other', framesSent })
const published = (frames: number): MixEvent => ({ kind: 'published', frames })
const started: MixEvent = { kind: 'started' }

const reportsOf = (...events: readonly MixEvent[]): readonly MixReport[] => {
  const reports: MixReport[] = []
  let life = newMix
  for (const event of events) {
    const lived = liveMix(life, event)
    life = lived.life
    if (lived.report !== undefined) reports.push(lived.report)
  }
  return reports
}

const whole = [main('there'), other('there'), published(1)]

test('success is told once, when a frame with both streams has been published', () => {
  assert.deepEqual(reportsOf(main('there'), published(5)), [])
  assert.deepEqual(reportsOf(main('there'), other('there', 7), published(7)), [])
  assert.deepEqual(reportsOf(main('there'), other('there', 7), published(7), published(8), published(9)), ['Success'])
})

test('a repeated start is told success again', () => {
  assert.deepEqual(reportsOf(...whole, started, published(2), published(3)), ['Success', 'Success'])
})

test('a break of the other stream is told, and its return', () => {
  assert.deepEqual(reportsOf(...whole, other('lost'), published(9), other('there', 9), published(9), published(10)), [
    'Success',
    'MixStreamNotExist',
    'Success',
  ])
})

test('after a break of the main stream only a new start leads to success', () => {
  const broken = [...whole, main('lost'), main('there', 9), published(10)]
  assert.deepEqual(reportsOf(...broken), ['Success', 'MainStreamNotExist'])
  assert.deepEqual(reportsOf(...broken, started, published(11)), ['Success', 'MainStreamNotExist', 'Success'])
})

test('the return of the other stream is no success while the main one waits for a start', () => {
  const both = [...whole, main('lost'), other('lost'), other('there', 9), main('there', 9), published(10)]
  assert.deepEqual(reportsOf(...both), ['Success', 'MainStreamNotExist', 'MixStreamNotExist'])
  const reversed = [...whole, other('lost'), main('lost'), main('there', 9), other('there', 9), published(10)]
  assert.deepEqual(reportsOf(...reversed), ['Success', 'MixStreamNotExist', 'MainStreamNotExist'])
})

test('a stream that breaks before the first success is told, too', () => {
  assert.deepEqual(reportsOf(main('there'), other('lost'), published(1), other('there', 1), published(2)), [
    'MixStreamNotExist',
    'Success',
  ])
})
