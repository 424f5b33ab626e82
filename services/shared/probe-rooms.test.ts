import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionFor } from './kafka/partitioner.ts'
import { findProbeRooms, isProbeRoom } from './probe-rooms.ts'

test('each partition has a probe room of its own, by its number', () => {
  for (const partitions of [1, 12, 48, 500]) {
    const rooms = findProbeRooms(partitions)
    assert.deepEqual(
      rooms.map((roomId) => partitionFor(roomId, partitions)),
      Array.from({ length: partitions }, (_, partition) => partition),
    )
  }
})

test('probe rooms are the same wherever they are looked for', () => {
  assert.deepEqual(findProbeRooms(48), findProbeRooms(48))
  assert.deepEqual(findProbeRooms(3), ['probe00000000000', 'probe00000000002', 'probe00000000004'])
})

test('a probe room is a room id by its form, and none that is minted', () => {
  for (const roomId of findProbeRooms(48)) {
    assert.ok(isProbeRoom(roomId))
    assert.match(roomId, /^[A-Za-z0-9]{1,64}$/)
    assert.doesNotMatch(roomId, /^[0-9a-f]{16}$/)
  }
  for (const roomId of ['', 'probe', 'probe0', '0123456789abcdef', 'probe000000000001', 'xprobe00000000001']) {
    assert.equal(isProbeRoom(roomId), false, roomId)
  }
})
