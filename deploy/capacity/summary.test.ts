import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDemand } from './demand.ts'
import { coresOf } from './edge.ts'
import { planOf } from './plan.ts'
import { totalsOf } from './summary.ts'
import { someValues as of } from './testing/values.ts'

const demand = readDemand({ ROOMS: '1000', CLIENTS: '1e5' })
const plan = planOf(demand, of)

test('so many systems are so many times the machines of one', () => {
  const one = totalsOf({ cells: 1, plan }, demand, of)
  const three = totalsOf({ cells: 3, plan }, demand, of)
  assert.ok(Math.abs(three.processors / one.processors - 3) < 1e-9)
  assert.equal(three.memoryMib, 3 * one.memoryMib)
  assert.equal(three.diskBytes, 3 * one.diskBytes)
})

test('processors are ordered for what is used at most, spares included, and for brokers', () => {
  const { processors } = totalsOf({ cells: 1, plan }, demand, of)
  const edges = (plan.edges * coresOf(plan.edge)) / demand.BUSY
  assert.ok(processors > edges + plan.broker.cores / demand.BUSY)
  assert.ok(processors < plan.edges + Object.values(plan.services).length * 10 + plan.brokers * demand.BROKER_CORES)
})

test('clients get as much, however many edges are spare', () => {
  const toClients = (SPARE: string): number => {
    const spared = readDemand({ ROOMS: '1000', CLIENTS: '1e5', SPARE })
    return totalsOf({ cells: 1, plan: planOf(spared, of) }, spared, of).toClientsMbit
  }
  assert.ok(Math.abs(toClients('3') / toClients('0') - 1) < 0.05)
})
