import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startWatch, watchReader } from './reader-watch.ts'
import type { ReaderWatch, WatchAction, WatchEvent } from './reader-watch.ts'

const beat: WatchEvent = { kind: 'beat' }
const frame: WatchEvent = { kind: 'frame' }
const flows: WatchEvent = { kind: 'source', isFlowing: true }
const breaks: WatchEvent = { kind: 'source', isFlowing: false }
const failed: WatchEvent = { kind: 'ended', why: 'failed' }
const noStream: WatchEvent = { kind: 'ended', why: 'no-stream' }

/** What followed from events at their times, in order. */
const actionsOf = (...events: readonly (readonly [number, WatchEvent])[]): readonly WatchAction[] => {
  let watch = startWatch(0)
  return events.flatMap(([nowMs, event]) => {
    const watched = watchReader(watch, event, nowMs)
    watch = watched.watch
    return watched.actions
  })
}

const alive: readonly (readonly [number, WatchEvent])[] = [
  [0, beat],
  [1000, frame],
  [1001, frame],
  [1002, frame],
]

test('a reader is started at once, and its stream is there with the third frame', () => {
  assert.deepEqual(actionsOf(...alive.slice(0, 3)), ['start'])
  assert.deepEqual(actionsOf(...alive, [1003, frame], [1004, beat]), ['start', 'there'])
})

test('a source that breaks is lost once, and no reader is started until it flows', () => {
  assert.deepEqual(actionsOf(...alive, [2000, breaks], [2001, failed], [2002, breaks], [60_000, beat]), [
    'start',
    'there',
    'lost',
  ])
})

test('what a reader gives of a broken source is no return; three frames after it flows again are', () => {
  const broken = [...alive, [2000, breaks], [2001, frame], [2002, frame], [2003, frame], [3000, flows]] as const
  assert.deepEqual(actionsOf(...broken, [3001, frame], [3002, frame]), ['start', 'there', 'lost'])
  assert.deepEqual(actionsOf(...broken, [3001, frame], [3002, frame], [3003, frame]), [
    'start',
    'there',
    'lost',
    'there',
  ])
})

test('a reader that ends though its source flows is replaced after a pause, and nobody is told', () => {
  assert.deepEqual(actionsOf(...alive, [2000, failed], [2199, beat]), ['start', 'there'])
  assert.deepEqual(actionsOf(...alive, [2000, failed], [2200, beat], [3000, frame], [3001, frame], [3002, frame]), [
    'start',
    'there',
    'start',
  ])
})

test('a reader that ends after its source broke is no failure, however many have ended before', () => {
  const ends = Array.from({ length: 6 }, (_, index) => [
    [index * 3000, beat] as const,
    [index * 3000 + 1, failed] as const,
  ]).flat()
  assert.deepEqual(actionsOf(...ends, [18_000, beat], [18_001, breaks], [18_002, failed]).slice(-2), ['start', 'lost'])
})

test('a reader that finds no stream has lost it, and looks again a second later', () => {
  assert.deepEqual(actionsOf(...alive, [2000, noStream], [2999, beat]), ['start', 'there', 'lost'])
  assert.deepEqual(actionsOf(...alive, [2000, noStream], [2001, breaks], [2500, flows], [2501, beat]), [
    'start',
    'there',
    'lost',
    'start',
  ])
})

test('a reader that looked in vain for sound is replaced at once', () => {
  assert.deepEqual(actionsOf([0, beat], [3000, { kind: 'ended', why: 'no-audio' }], [3000, beat]), ['start', 'start'])
})

test('a reader that stands still for three seconds is killed once', () => {
  assert.deepEqual(actionsOf(...alive, [4002, beat]), ['start', 'there'])
  assert.deepEqual(actionsOf(...alive, [4003, beat], [4010, beat], [4020, failed], [4220, beat]), [
    'start',
    'there',
    'kill',
    'start',
  ])
})

test('frames that stay away for ten seconds though the source flows are a failure; twenty for the first', () => {
  assert.ok(!actionsOf(...alive, [11_002, beat]).includes('fail'))
  assert.ok(actionsOf(...alive, [11_003, beat]).includes('fail'))
  assert.ok(!actionsOf([0, beat], [20_000, beat]).includes('fail'))
  assert.ok(actionsOf([0, beat], [20_001, beat]).includes('fail'))
})

test('readers that end again and again are a failure; one that works for ten seconds makes good', () => {
  const ends = (count: number, everyMs: number) =>
    Array.from({ length: count }, (_, index) => {
      const startMs = index * everyMs
      return [
        [startMs, beat],
        ...[1, 2, 3].map((ms) => [startMs + ms, frame] as const),
        [startMs + everyMs - 4000, frame],
        [startMs + everyMs - 3500, failed],
      ] as const
    }).flat()
  assert.ok(!actionsOf(...ends(6, 5000)).includes('fail'))
  assert.ok(actionsOf(...ends(7, 5000)).includes('fail'))
  assert.ok(!actionsOf(...ends(20, 14_000)).includes('fail'))
})

test('whatever happens, there and lost alternate, one reader runs at a time, and none is started for a broken source', () => {
  const event: fc.Arbitrary<WatchEvent> = fc.oneof(
    fc.constantFrom(beat, beat, frame, frame, frame, flows, breaks),
    fc.constantFrom('failed', 'no-stream', 'no-audio', 'no-video').map((why) => ({ kind: 'ended', why }) as const),
  )
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 1500 }), event), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (all) => {
      let watch: ReaderWatch = startWatch(0)
      let nowMs = 0
      let isRunning = false
      let isThere: boolean | undefined
      for (const [waitMs, next] of all) {
        nowMs += waitMs
        // Processes say nothing before they are started and after they have ended.
        if (!isRunning && (next.kind === 'frame' || next.kind === 'ended')) continue
        if (next.kind === 'ended') isRunning = false
        const watched = watchReader(watch, next, nowMs)
        watch = watched.watch
        for (const action of watched.actions) {
          if (action === 'start') {
            assert.ok(!isRunning && watch.isFlowing)
            isRunning = true
          }
          if (action === 'kill') assert.ok(isRunning)
          if (action === 'there' || action === 'lost') {
            assert.notEqual(isThere, action === 'there')
            isThere = action === 'there'
          }
        }
      }
    }),
  )
})
