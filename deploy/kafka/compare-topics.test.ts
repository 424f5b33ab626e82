import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareTopics } from './compare-topics.ts'
import { defaultMinInsync, wantedTopics } from './wanted-topics.ts'

const wanted = wantedTopics({ partitions: 48, replication: 3, minInsync: 2 })
const asWanted = () =>
  new Map(
    wanted.map(({ name, partitions, replication, config }) => [
      name,
      { name, partitions, replication, config: new Map([...Object.entries(config), ['segment.bytes', '1073741824']]) },
    ]),
  )
const change = (
  topic: string,
  changed: { partitions?: number; replication?: number; config?: Record<string, string> },
) => {
  const existing = asWanted()
  const before = existing.get(topic)
  assert.ok(before)
  existing.set(topic, {
    ...before,
    ...changed,
    config: new Map([...before.config, ...Object.entries(changed.config ?? {})]),
  })
  return compareTopics(wanted, existing, 'kafka:9093').filter(({ kind }) => kind !== 'same')
}

test('all replicas but one have to be in sync, and the only one has to', () => {
  assert.deepEqual([1, 2, 3, 5].map(defaultMinInsync), [1, 1, 2, 4])
})

test('an empty cluster lacks every topic, and one as declared nothing', () => {
  const kinds = (found: ReturnType<typeof compareTopics>) => new Set(found.map(({ kind }) => kind))
  assert.deepEqual([...kinds(compareTopics(wanted, new Map(), 'kafka:9093'))], ['missing'])
  assert.deepEqual([...kinds(compareTopics(wanted, asWanted(), 'kafka:9093'))], ['same'])
})

test('another number of partitions is wrong, and no command mends it', () => {
  const [found, ...others] = change('room.input.v1', { partitions: 12 })
  assert.deepEqual(others, [])
  assert.ok(found?.kind === 'wrong')
  assert.deepEqual([found.setting, found.is, found.declared], ['partitions', '12', '48'])
  assert.match(found.mend, /fixed for life/)
})

test('a setting without which states or order would be lost is wrong, another one different; a command mends both', () => {
  const [policy] = change('room.state.v1', { config: { 'cleanup.policy': 'delete' } })
  assert.ok(policy?.kind === 'wrong')
  assert.match(
    policy.mend,
    /^kafka-configs\.sh --bootstrap-server kafka:9093 .* room\.state\.v1 --add-config cleanup\.policy=compact$/,
  )
  const [retention] = change('push.like.v1', { config: { 'retention.ms': '60000' } })
  assert.ok(retention?.kind === 'different')
  assert.match(retention.mend, /retention\.ms=3600000$/)
})

test('fewer replicas are different, more of them are not', () => {
  assert.deepEqual(change('mix.command.v1', { replication: 4 }), [])
  const [found] = change('mix.command.v1', { replication: 2 })
  assert.ok(found?.kind === 'different')
  assert.equal(found.setting, 'replication')
})

test('more replicas are not demanded to be in sync than there are', () => {
  const found = change('mix.command.v1', { replication: 1, config: { 'min.insync.replicas': '1' } })
  const minInsync = found.find((each) => each.kind === 'different' && each.setting === 'min.insync.replicas')
  assert.ok(minInsync?.kind === 'different')
  assert.match(minInsync.mend, /^more replicas first/)
})
