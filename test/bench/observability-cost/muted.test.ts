import assert from 'node:assert/strict'
import { test } from 'node:test'
import { muted } from './muted.ts'
import { recording } from './recording.ts'

type Log = string[]
const createRecorders = (log: Log) => ({
  counted: (what: string) => void log.push(what),
  of: (topic: string) => ({ seen: (what: string) => void log.push(`${topic} ${what}`) }),
})
/** What is made of a function has its type, which `muted` does not tell. */
const silent = muted(createRecorders) as typeof createRecorders

test('a muted recorder has the same functions, and asks those that give nothing back only once', () => {
  const log: Log = []
  const { counted } = silent(log)
  for (const what of ['first', 'second', 'third']) counted(what)
  assert.deepEqual(log, ['first'])
})

test('a muted recorder records while recording is on', () => {
  const log: Log = []
  const { counted } = silent(log)
  counted('first')
  counted('second')
  recording.isOn = true
  counted('third')
  recording.isOn = false
  counted('fourth')
  assert.deepEqual(log, ['first', 'third'])
})

test('what a recorder gives back is muted as well', () => {
  const log: Log = []
  const { of } = silent(log)
  const { seen } = of('topic')
  for (const what of ['first', 'second', 'third']) seen(what)
  of('another')
  assert.deepEqual(log, ['topic first'])
})

test('what is no function, and no object of functions, stays what it is', () => {
  const counter = new Map([['a', 1]])
  assert.equal(muted('a name'), 'a name')
  assert.equal((muted(() => counter) as () => unknown)(), counter)
})
