import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { partitionFor } from './partitioner.ts'

/** What `org.apache.kafka.common.utils.Utils.murmur2` of Kafka 4.4 gives for the UTF-8 bytes of these keys. */
const javaHashes: readonly (readonly [string, number])[] = [
  ['', 275646681],
  ['a', -1563381124],
  ['21', -973932308],
  ['abc', 479470107],
  ['foobar', -790332482],
  ['0123456789abcdef', 1438427052],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['ø', 1923195191],
  ['комната', -310373552],
  ['房间', 1613383190],
  ['🎥1', 89626442],
]

const kafkajsHash = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2') as (
  key: string,
) => number

test('a room gets the partition that a Java producer would give it', () => {
  for (const [key, hash] of javaHashes) {
    assert.equal(partitionFor(key, 2 ** 31), hash & 0x7fffffff, key)
    assert.equal(partitionFor(key, 12), (hash & 0x7fffffff) % 12, key)
  }
})

test('a room gets the partition that kafkajs would give it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.integer({ min: 1, max: 1000 }),
      (key, partitions) => {
        assert.equal(partitionFor(key, partitions), (kafkajsHash(key) & 0x7fffffff) % partitions)
      },
    ),
    { numRuns: 2000 },
  )
})
