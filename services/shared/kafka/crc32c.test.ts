import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { crc32c } from './crc32c.ts'
import { kafkajsCrc32c } from './internals.ts'

const ascending = Array.from({ length: 32 }, (_, index) => index)

test('the sums of RFC 3720, appendix B.4, come out', () => {
  // The appendix prints the four bytes as they are sent, least significant first.
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  assert.equal(crc32c(Buffer.from(ascending)), 0x46dd794e)
  assert.equal(crc32c(Buffer.from(ascending.toReversed())), 0x113fdb5c)
  const readCommand =
    '01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018 28000000 00000000 02000000 00000000'
  assert.equal(crc32c(Buffer.from(readCommand.replaceAll(' ', ''), 'hex')), 0xd9963a56)
})

test('the check value of the catalogue of CRCs comes out, and nothing sums up to nothing', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.equal(crc32c(Buffer.alloc(0)), 0)
})

test('any bytes from any place on have the sum that kafkajs gives them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (array, start) => {
      const bytes = Buffer.from(array)
      assert.equal(crc32c(bytes, start), kafkajsCrc32c(bytes.subarray(start)))
    }),
  )
})
