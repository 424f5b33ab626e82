import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expiryOf, renewInMs } from './token.ts'

const jwt = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

test('a token says when it runs out, whatever its bytes are in base64url', () => {
  assert.equal(expiryOf(jwt({ sub: 'ü?>ÿ~~~', exp: 1_700_000_000 })), 1_700_000_000_000)
})

test('what is no JWT, or says nothing, runs out nobody knows when', () => {
  for (const token of ['', 'a', 'a.b.c', 'a.!!!.c', jwt({}), jwt({ exp: 'soon' }), `h.${btoa('null')}.s`]) {
    assert.equal(expiryOf(token), undefined, token)
  }
})

test('a new one is asked for a minute before the end, or after four fifths of a short time; never when it is too late', () => {
  assert.equal(renewInMs(3_600_000), 3_540_000)
  assert.equal(renewInMs(10_000), 8_000)
  assert.equal(renewInMs(1_999), undefined)
  assert.equal(renewInMs(-5), undefined)
})

test('who gets the same token again and again asks a few times and stops', () => {
  let asked = 0
  for (let left = 3_600_000; ; asked += 1) {
    const inMs = renewInMs(left)
    if (inMs === undefined) break
    left -= inMs
  }
  assert.ok(asked < 10, `${asked} times`)
})
