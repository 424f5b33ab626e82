import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalAddress, createAddressSet, isAddressOrRange } from './http-addresses.ts'

test('addresses and ranges of both families are entries, anything else is not', () => {
  for (const entry of [
    '203.0.113.7',
    '203.0.113.0/24',
    '0.0.0.0/0',
    '203.0.113.7/32',
    '2001:db8::1',
    '2001:db8::/32',
    '::/0',
    '::1/128',
    '::ffff:203.0.113.0/120',
  ]) {
    assert.ok(isAddressOrRange(entry), entry)
  }
  for (const entry of [
    '',
    'localhost',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.0/33',
    '203.0.113.0/',
    '203.0.113.0/-1',
    '203.0.113.0/24/8',
    '/24',
    '203.0.113.7:80',
    '[2001:db8::1]',
    '2001:db8::/129',
    '2001:db8::g',
    'fe80::1%eth0',
    '::ffff:203.0.113.0/95',
    '203.0.113.0-203.0.113.9',
  ]) {
    assert.ok(!isAddressOrRange(entry), entry)
  }
})

test('a range holds its first and its last address and not their neighbours', () => {
  const set = createAddressSet(['203.0.113.64/26', '198.51.100.9', '2001:db8:0:8000::/49'])
  for (const inside of [
    '203.0.113.64',
    '203.0.113.127',
    '198.51.100.9',
    '2001:db8:0:8000::',
    '2001:db8:0:ffff:ffff:ffff:ffff:ffff',
  ]) {
    assert.ok(set.has(inside), inside)
  }
  for (const outside of [
    '203.0.113.63',
    '203.0.113.128',
    '198.51.100.8',
    '198.51.100.10',
    '2001:db8:0:7fff:ffff:ffff:ffff:ffff',
    '2001:db8:1::',
  ]) {
    assert.ok(!set.has(outside), outside)
  }
})

test('an IPv4 address is the same when it is mapped into IPv6, in the set and in the question', () => {
  const mappedForms = ['::ffff:203.0.113.7', '::FFFF:203.0.113.7', '::ffff:cb00:7107', '0:0:0:0:0:ffff:cb00:7107']
  const plain = createAddressSet(['203.0.113.7'])
  const mapped = createAddressSet(['::ffff:203.0.113.0/120'])
  for (const form of [...mappedForms, '203.0.113.7']) {
    assert.ok(plain.has(form), form)
    assert.ok(mapped.has(form), form)
    assert.equal(canonicalAddress(form), '203.0.113.7')
  }
  assert.ok(!plain.has('::ffff:203.0.113.8'))
  assert.ok(!mapped.has('203.0.114.7'))
  // not mapped: an address of IPv6 that ends like one of IPv4
  assert.ok(!plain.has('64:ff9b::203.0.113.7'))
})

test('all of IPv6 is nothing of IPv4, and the other way round', () => {
  const everySix = createAddressSet(['::/0'])
  assert.ok(everySix.has('2001:db8::1'))
  assert.ok(!everySix.has('203.0.113.7'))
  assert.ok(!everySix.has('::ffff:203.0.113.7'))
  const everyFour = createAddressSet(['0.0.0.0/0'])
  assert.ok(everyFour.has('::ffff:203.0.113.7'))
  assert.ok(!everyFour.has('2001:db8::1'))
})

test('what is no address is in no set, and stays as it is', () => {
  const set = createAddressSet(['0.0.0.0/0', '::/0'])
  for (const text of [undefined, '', 'unknown', '203.0.113.7:4711', '[::1]', ' 203.0.113.7', 'fe80::1%eth0']) {
    assert.ok(!set.has(text), text)
    if (text !== undefined) assert.equal(canonicalAddress(text), text)
  }
  assert.ok(!createAddressSet([]).has('203.0.113.7'))
})

test('one address of IPv6 is one caller, however it is written', () => {
  assert.equal(canonicalAddress('2001:0DB8:0:0::1'), canonicalAddress('2001:db8::1'))
})
