// runs alone: it takes both cores with three brokers of its own, and kills one
// deadline: 240 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { fetchTopics } from '../../services/shared/kafka/topics.ts'
import { silentLog } from '../../services/shared/log.ts'
import { startClusterSystem, type ClusterSystem } from '../support/cluster-system.ts'
import { startTraffic } from '../support/cluster-traffic.ts'
import { until } from '../support/until.ts'

/** One is led by each broker. */
const partitions = 3
const everyMs = 200
const withinMs = 60_000
let system: ClusterSystem

before(async () => {
  system = await startClusterSystem({ base: process.env, partitions })
})
after(() => system?.stop())

test("every topic, Kafka's own too, has three replicas, of which two have to have a record", async () => {
  const { brokers } = system.environment
  const names = [...Object.values(topics).map(({ name }) => name), '__consumer_offsets', '__transaction_state']
  const found = await fetchTopics({ kafka: createKafka({ brokers, clientId: 'test', log: silentLog }), names })
  const isSafe = (name: string): boolean =>
    found.get(name)?.replication === 3 && found.get(name)?.config.get('min.insync.replicas') === '2'
  assert.deepEqual(
    names.filter((name) => !isSafe(name)),
    [],
  )
})

test('when one of three brokers dies under load, nothing accepted is lost or doubled, and all goes on without it', async (t) => {
  const traffic = await startTraffic(system, { partitions, everyMs })
  await traffic.goesOn(withinMs)

  // The others hang for a moment: had the one acknowledged anything that it alone has, it would be lost now.
  await system.whileFrozen([1, 3], async () => {
    await traffic.asksOn(withinMs)
    await system.endBrokers('SIGKILL', 2)
  })
  const killedAt = performance.now()
  await traffic.goesOn(withinMs)
  await until('all services are ready without the broker', system.isReady, withinMs)
  const gaps = traffic.longestGaps(killedAt)

  await system.bringBack()
  await traffic.goesOn(withinMs)
  const { answers, lost, doubled, complaints } = await traffic.end()
  t.diagnostic(`answers ${JSON.stringify(answers)}; longest gaps in ms by weight ${JSON.stringify(gaps)}`)
  assert.deepEqual({ lost, doubled, complaints }, { lost: [], doubled: [], complaints: [] })
})
