import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawFailure, noFailures, parseSimulatedFailures } from './simulated-failures.ts'

test('a word without a share is for every command, blanks and empty entries are nothing', () => {
  assert.deepEqual(parseSimulatedFailures(''), noFailures)
  assert.deepEqual(parseSimulatedFailures(' , '), noFailures)
  assert.deepEqual(parseSimulatedFailures(' stop:InternalError, start:Throttling.User ,'), {
    start: [{ word: 'Throttling.User', share: 1 }],
    stop: [{ word: 'InternalError', share: 1 }],
    status: [],
  })
})

test('several words of an action share its cases', () => {
  assert.deepEqual(
    parseSimulatedFailures('start:InternalError@0.1,start:NoAnswer@.05,status:MainStreamNotExist@0.02,stop:Any@1'),
    {
      start: [
        { word: 'InternalError', share: 0.1 },
        { word: 'NoAnswer', share: 0.05 },
      ],
      stop: [{ word: 'Any', share: 1 }],
      status: [{ word: 'MainStreamNotExist', share: 0.02 }],
    },
  )
})

test('shares that are all cases together are taken, whatever their sum loses by rounding', () => {
  const tenths = Array.from({ length: 10 }, (_, index) => `start:Word${index}@0.1`)
  assert.ok(!('complaint' in parseSimulatedFailures(tenths.join(','))))
  assert.ok('complaint' in parseSimulatedFailures([...tenths, 'start:More@0.01'].join(',')))
})

for (const bad of [
  'start',
  'begin:InternalError',
  'start:',
  'start:A B',
  'start:A,start:B',
  'start:A@0.1,start:A@0.1',
  'start:A@0',
  'start:A@1.1',
  'start:A@-0.1',
  'start:A@1e-3',
  'start:A@',
  'start:A@0.1@0.1',
  'status:Success',
  'status:NoAnswer@0.1',
]) {
  test(`"${bad}" is complained of`, () => {
    assert.ok('complaint' in parseSimulatedFailures(bad))
  })
}

test('each draw hits the word in whose share it falls', () => {
  const chances = [
    { word: 'A', share: 0.25 },
    { word: 'B', share: 0.5 },
  ]
  assert.deepEqual(
    [0, 0.249, 0.25, 0.749, 0.75, 0.999].map((draw) => drawFailure(chances, draw)),
    ['A', 'A', 'B', 'B', undefined, undefined],
  )
  assert.equal(drawFailure([], 0), undefined)
  assert.equal(drawFailure([{ word: 'A', share: 1 }], 0.999_999), 'A')
})
