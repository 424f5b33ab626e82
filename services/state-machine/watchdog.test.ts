import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../shared/fault.ts'
import { silentLog } from '../shared/log.ts'
import { createWatchdog, watch } from './watchdog.ts'

/** Partitions with positions and ends that a test moves; believed to stand still when found so twice. */
const stage = () => {
  const positions = new Map<number, number | undefined>()
  const ends = new Map<number, number>()
  let isWaiting = false
  let isAway = false
  const watchdog = createWatchdog({
    positions: () => new Map(positions),
    fetchEnds: async () => {
      if (isAway) throw new Fault('BROKER_UNREACHABLE', 'no answer', { retriable: true })
      return new Map(ends)
    },
    isWaiting: () => isWaiting,
    limit: 2,
  })
  return {
    watchdog,
    positions,
    ends,
    setWaiting: (value: boolean) => {
      isWaiting = value
    },
    setAway: (value: boolean) => {
      isAway = value
    },
    stalled: async (): Promise<readonly number[]> => [...(await watchdog.check()).keys()],
  }
}

test('a partition with lag that does not move is found, with its lag', async () => {
  const { watchdog, positions, ends } = stage()
  positions.set(3, 10)
  ends.set(3, 17)
  assert.equal((await watchdog.check()).size, 0)
  assert.equal((await watchdog.check()).size, 0)
  assert.deepEqual([...(await watchdog.check())], [[3, 7]])
})

test('one that moves, however slowly, or has nothing to do, is not', async () => {
  const { positions, ends, stalled } = stage()
  positions.set(1, 0)
  ends.set(1, 100).set(2, 5)
  positions.set(2, 5)
  for (let looks = 0; looks < 6; looks += 1) {
    positions.set(1, looks)
    assert.deepEqual(await stalled(), [])
  }
})

test('a partition that is never taken over stands still', async () => {
  const { positions, stalled } = stage()
  positions.set(4, undefined)
  assert.deepEqual([await stalled(), await stalled(), await stalled()], [[], [], [4]])
})

test('a partition that is taken over again and again, and never gets on, stands still', async () => {
  const { positions, ends, stalled } = stage()
  ends.set(6, 9)
  positions.set(6, 4)
  assert.deepEqual(await stalled(), [])
  positions.set(6, undefined)
  assert.deepEqual(await stalled(), [])
  positions.set(6, 4)
  assert.deepEqual(await stalled(), [6])
})

test('what moved begins anew, and what went away is forgotten', async () => {
  const { positions, ends, stalled } = stage()
  positions.set(0, 1)
  ends.set(0, 9)
  await stalled()
  await stalled()
  positions.set(0, 2)
  assert.deepEqual([await stalled(), await stalled()], [[], []])
  positions.delete(0)
  await stalled()
  positions.set(0, 2)
  assert.deepEqual([await stalled(), await stalled(), await stalled()], [[], [], [0]])
})

test('a broker or a registry that does not answer is an outage, not a standstill', async () => {
  const { watchdog, positions, ends, stalled, setAway, setWaiting } = stage()
  positions.set(0, 1)
  ends.set(0, 9)
  setAway(true)
  for (let looks = 0; looks < 4; looks += 1) await assert.rejects(watchdog.check())
  setAway(false)
  setWaiting(true)
  for (let looks = 0; looks < 4; looks += 1) assert.deepEqual(await stalled(), [])
  setWaiting(false)
  assert.deepEqual([await stalled(), await stalled()], [[], [0]])
})

test('who watches is told once, goes on through outages, and stops with the service', { timeout: 10_000 }, async () => {
  const { watchdog, positions, ends, setAway } = stage()
  positions.set(5, 1)
  ends.set(5, 2)
  setAway(true)
  let looks = 0
  const told: (readonly number[])[] = []
  const stopping = new AbortController()
  const options = { everyMs: 1, onStalled: (found: readonly number[]) => void told.push(found), log: silentLog }
  const counting = {
    check: () => {
      looks += 1
      if (looks === 3) setAway(false)
      return watchdog.check()
    },
  }
  await watch({ ...options, watchdog: counting, signal: stopping.signal })
  assert.deepEqual(told, [[5]])
  const watching = watch({ ...options, watchdog: { check: async () => new Map() }, signal: stopping.signal })
  stopping.abort()
  await watching
})
