// runs alone: it takes both cores with three brokers of its own, and kills one
// deadline: 240 s
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startClusterSystem, type ClusterSystem } from '../support/cluster-system.ts'
import { startTraffic } from '../support/cluster-traffic.ts'
import { until } from '../support/until.ts'

const partitions = 6
const goesOnWithinMs = 60_000
let system: ClusterSystem

before(async () => {
  system = await startClusterSystem({ base: process.env, partitions })
})
after(() => system?.stop())

test('when one of three brokers dies under load, nothing accepted is lost or doubled, and all goes on without it', async (t) => {
  const traffic = await startTraffic(system, partitions)
  await traffic.goesOn(goesOnWithinMs)

  const killedAt = performance.now()
  await system.endBrokers('SIGKILL', 2)
  await traffic.goesOn(goesOnWithinMs)
  await until('all services are ready without the broker', system.isReady, goesOnWithinMs)
  const gaps = traffic.longestGaps(killedAt)

  await system.bringBack()
  await traffic.goesOn(goesOnWithinMs)
  const { answers, lost, doubled, complaints } = await traffic.end()
  t.diagnostic(`answers ${JSON.stringify(answers)}; longest gaps in ms by weight ${JSON.stringify(gaps)}`)
  assert.deepEqual({ lost, doubled, complaints }, { lost: [], doubled: [], complaints: [] })
})
