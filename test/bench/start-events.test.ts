import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startEvents } from './start-events.ts'

const at = (second: number): string => new Date(second * 1_000).toISOString()
const line = (second: number, msg: string, fields: object = {}): string =>
  JSON.stringify({ level: 30, time: at(second), service: 'state-machine', ...fields, msg })

test('the log tells when a process was given partitions, and how long the slowest took', () => {
  const log = [
    line(1, 'joined the group', { partitions: [0, 1] }),
    line(2, 'partition taken over', { partition: 0, seconds: 9 }),
    '{"level":30,"time":"cut off by a ki',
    line(5, 'joined the group', { partitions: [] }),
    line(6, 'joined the group', { partitions: [0, 1] }),
    line(7, 'partition taken over', { partition: 0, seconds: 1.25 }),
    line(8, 'partition taken over', { partition: 1, seconds: 2.501 }),
    line(9, 'joined the group', { partitions: [1] }),
  ].join('\n')
  assert.deepEqual(startEvents(log, 4_000), { joinedAt: 6_000, slowestTakeOverSeconds: 2.5 })
})

test('a log of a process that was given nothing is refused', () => {
  assert.throws(() => startEvents(line(1, 'joined the group', { partitions: [0] }), 2_000), /does not say/)
})
