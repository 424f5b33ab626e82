import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createKafkajsProduceRequest } from './internals.ts'
import { encodeProduceRequest, type ProducedLot, type ProduceRequest } from './produce-request.ts'

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })

const lot: fc.Arbitrary<ProducedLot> = fc.record({
  topic: fc.constantFrom('room.state.v1', 'push.signal.v1', 'mix.command.v1'),
  partition: fc.nat(5),
  firstSequence: fc.nat(1000),
  records: fc.array(fc.record({ key: fc.option(name), value: fc.option(name.map((text) => Buffer.from(text))) }), {
    minLength: 1,
    maxLength: 5,
  }),
})

const produceRequest: fc.Arbitrary<ProduceRequest> = fc.record({
  transactionalId: fc.option(name),
  producerId: fc.nat().map(String),
  producerEpoch: fc.nat(100),
  lots: fc.uniqueArray(lot, { selector: ({ topic, partition }) => `${topic}/${partition}`, maxLength: 8 }),
})

test('a request to several partitions of several topics has the bytes that kafkajs gives it', async () => {
  await fc.assert(
    fc.asyncProperty(produceRequest, fc.integer({ min: 1, max: 2 ** 45 }), async (request, timestamp) => {
      const { transactionalId, producerId, producerEpoch, lots } = request
      const byTopic = Map.groupBy(lots, ({ topic }) => topic)
      const { encode } = createKafkajsProduceRequest({
        acks: -1,
        timeout: 5000,
        transactionalId,
        producerId,
        producerEpoch,
        topicData: [...byTopic].map(([topic, group]) => ({
          topic,
          partitions: group.map(({ partition, firstSequence, records }) => ({
            partition,
            firstSequence,
            messages: records.map((record) => ({ ...record, timestamp })),
          })),
        })),
      })
      assert.deepEqual(encodeProduceRequest(request, timestamp), (await encode()).buffer)
    }),
  )
})
