import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IncomingMessage } from '../shared/kafka/message.ts'
import { createWorker } from './worker.ts'

const message = (offset: number, room: string): IncomingMessage => ({
  topic: 't',
  partition: 0,
  offset,
  key: Buffer.from(room),
  value: null,
  headers: {},
  timestamp: 0,
  size: 0,
})

/** A worker whose messages finish when the test says so. */
const startWorker = ({ maxRunning = 8 } = {}) => {
  const begun: number[] = []
  const commits: number[] = []
  const failures: unknown[] = []
  const handles = new Map<number, PromiseWithResolvers<void>>()
  const worker = createWorker({
    maxRunning,
    handle: ({ offset }, signal) => {
      begun.push(offset)
      const handle = Promise.withResolvers<void>()
      handles.set(offset, handle)
      signal.addEventListener('abort', () => handle.reject(new Error('stopped')))
      return handle.promise
    },
    commit: async (position) => void commits.push(position),
    onFinished: () => {},
    onFailed: (error) => void failures.push(error),
  })
  const settle = async (offset: number, error?: Error): Promise<void> => {
    if (error === undefined) handles.get(offset)?.resolve()
    else handles.get(offset)?.reject(error)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { worker, begun, commits, failures, settle }
}

test('a slow command holds up its own room only', async () => {
  const { worker, begun, settle } = startWorker()
  worker.add([message(0, 'a'), message(1, 'a'), message(2, 'b')])
  assert.deepEqual(begun, [0, 2])
  await settle(2)
  assert.deepEqual(begun, [0, 2])
  await settle(0)
  assert.deepEqual(begun, [0, 2, 1])
  worker.stop()
})

test('the position is committed behind the lowest unfinished command', async () => {
  const { worker, commits, settle } = startWorker()
  worker.add([message(10, 'a'), message(11, 'b'), message(14, 'c')])
  await settle(14)
  assert.deepEqual(commits.at(-1) ?? 10, 10)
  await settle(10)
  assert.equal(commits.at(-1), 11)
  await settle(11)
  assert.equal(commits.at(-1), 15)
  worker.stop()
})

test('no more than the allowed number run at the same time', async () => {
  const { worker, begun, settle } = startWorker({ maxRunning: 2 })
  worker.add(['a', 'b', 'c'].map((room, offset) => message(offset, room)))
  assert.deepEqual(begun, [0, 1])
  await settle(1)
  assert.deepEqual(begun, [0, 1, 2])
  worker.stop()
})

test('draining begins nothing more, and ends when what ran is committed', async () => {
  const { worker, begun, commits, settle } = startWorker({ maxRunning: 1 })
  worker.add([message(0, 'a'), message(1, 'b')])
  const drained = worker.drain(10_000)
  await settle(0)
  await drained
  assert.deepEqual([begun, commits], [[0], [1]])
  worker.stop()
})

test('draining ends at its deadline when something still runs', async () => {
  const { worker, commits } = startWorker()
  worker.add([message(0, 'a')])
  await worker.drain(1)
  assert.deepEqual(commits, [])
  worker.stop()
})

test('a failure stops everything and is reported once; a stop is no failure', async () => {
  const { worker, commits, failures, settle } = startWorker()
  worker.add([message(0, 'a'), message(1, 'b')])
  const error = new Error('broken')
  await settle(1, error)
  assert.deepEqual([failures, commits], [[error], []])
  const other = startWorker()
  other.worker.add([message(0, 'a')])
  other.worker.stop()
  await other.settle(0)
  assert.deepEqual(other.failures, [])
})
