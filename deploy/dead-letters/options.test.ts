import assert from 'node:assert/strict'
import { test } from 'node:test'
import { helpText } from './help.ts'
import { UsageError } from './option-values.ts'
import { parseCommand } from './options.ts'
import { overridable } from './replay/rules.ts'

const now = Date.parse('2026-11-23T12:00:00Z')
const parse = (...argv: readonly string[]) => parseCommand(argv, now)

test('without words, or with filters alone, it lists', () => {
  assert.equal(parse().verb, 'list')
  const command = parse('--topic', 'room.input.v1', '--since', '2h', '--limit', '5')
  assert.ok(command.verb === 'list')
  assert.deepEqual(
    { ...command.filter, limit: command.limit },
    {
      topic: 'room.input.v1',
      code: undefined,
      service: undefined,
      room: undefined,
      sinceMs: now - 7_200_000,
      limit: 5,
    },
  )
})

test('a letter is shown by its place', () => {
  assert.deepEqual(parse('show', '3/17'), {
    verb: 'show',
    place: { partition: 3, offset: 17 },
    bytes: 256,
    save: undefined,
  })
})

test('a replay writes nothing unless that is asked for', () => {
  const command = parse('replay', '3/17', '3/18')
  assert.ok(command.verb === 'replay')
  assert.deepEqual(command.which, [
    { partition: 3, offset: 17 },
    { partition: 3, offset: 18 },
  ])
  assert.equal(command.yes, false)
  assert.equal(command.anyway.size, 0)
  const forced = parse('replay', '--room', 'r1', '--yes', '--anyway', 'gone-on,too-late', '--anyway', 'room-ended')
  assert.ok(forced.verb === 'replay')
  assert.deepEqual([...forced.anyway], ['gone-on', 'too-late', 'room-ended'])
  assert.equal(forced.yes, true)
})

test('a time is a span back from now, or a moment', () => {
  const sinceOf = (since: string): number | undefined => {
    const command = parse('list', '--since', since)
    return command.verb === 'list' ? command.filter.sinceMs : undefined
  }
  assert.deepEqual(['30m', '3d', '2026-11-23T11:00:00Z'].map(sinceOf), [
    now - 1_800_000,
    now - 259_200_000,
    now - 3_600_000,
  ])
})

test('what is not understood is told with what to write', () => {
  const wrong: ReadonlyArray<readonly [argv: readonly string[], why: RegExp]> = [
    [['lisp'], /there is no lisp: list, show or replay/],
    [['show'], /show 3\/17/],
    [['show', '3-17'], /3-17: expected <partition>\/<offset>/],
    [['show', '1/2', '1/3'], /name one letter/],
    [['replay'], /say which/],
    [['replay', '--yes'], /say which/],
    [['replay', '1/2', '--room', 'r'], /either places or filters/],
    [['replay', '--room', 'r', '--json-file', 'x'], /mend one letter/],
    [['replay', '1/2', '1/3', '--key', 'x'], /mend one letter/],
    [['replay', '1/2', '--json-file', 'x', '--value-file', 'y'], /not both/],
    [['replay', '1/2', '--anyway', 'please'], /--anyway please: expected one or more of gone-on/],
    [['list', '--since', 'noon'], /--since: expected 30m/],
    [['list', '--limit', '0'], /--limit: expected a whole number/],
    [['list', '--colour'], /--colour/],
  ]
  for (const [argv, why] of wrong)
    assert.throws(
      () => parse(...argv),
      (error) => error instanceof UsageError && why.test(error.message),
      argv.join(' '),
    )
})

test('help is there, and names every rule that can be overruled', () => {
  for (const argv of [['--help'], ['help'], ['replay', '-h']]) assert.equal(parse(...argv).verb, 'help')
  for (const rule of overridable) assert.ok(helpText.includes(rule))
})
