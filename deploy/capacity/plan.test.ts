import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layOut } from './cells.ts'
import { readDemand, type Demand } from './demand.ts'
import { coresOf, edgeNeed, framesPerSecond } from './edge.ts'
import { fetchesPerSecond } from './fetches.ts'
import { limitsInOrder } from './limits.ts'
import { transactionsOf } from './others.ts'
import { fits, planOf, type Plan } from './plan.ts'
import { someValues as of } from './testing/values.ts'
import { trafficOf } from './traffic.ts'

const demandOf = (given: Readonly<Record<string, string>>): Demand => readDemand(given)
const million = { ROOMS: '10000', CLIENTS: '1e6' }
const edgeOf = (demand: Demand, edges: number) =>
  edgeNeed(demand, trafficOf(demand, of), of, { edges, partitions: 48, brokers: 3 })

test('what clients get is shared by more edges, what every edge has to know is not', () => {
  const [few, many] = [10, 20].map((edges) => edgeOf(demandOf({ ...million, SPREAD: 'partition' }), edges))
  assert.ok(few !== undefined && many !== undefined)
  assert.equal(many.cores.frames, few.cores.frames / 2)
  assert.equal(many.cores.states, few.cores.states)
})

test('numbers of viewers cost the more, the more edges have clients of one room', () => {
  const viewers = (SPREAD: string, edges: number): number =>
    edgeOf(demandOf({ ...million, SPREAD }), edges).cores.viewers
  assert.ok(viewers('any', 40) > viewers('any', 10))
  assert.ok(viewers('partition', 40) < viewers('partition', 10))
})

test('an edge of a partition reads fewer comments than one of any room', () => {
  const read = (SPREAD: string): number => edgeOf(demandOf({ ...million, SPREAD }), 24).inBytes
  assert.ok(read('partition') < read('any') / 2)
})

test('a hot room gets fewer frames than messages, a small one as many', () => {
  assert.equal(framesPerSecond(100, 10, 11), 100)
  assert.ok(framesPerSecond(100, 5_000, 11) < 20)
})

test('a reader asks each broker, oftener when there is more, and not oftener than it waits', () => {
  const how = { minBytes: 65_536, maxWaitMs: 20, idleWaitMs: 100 }
  assert.equal(fetchesPerSecond(how, { records: 0, bytes: 0, brokers: 3 }), 30)
  assert.equal(fetchesPerSecond(how, { records: 30, bytes: 3_000, brokers: 3 }), 60)
  assert.equal(fetchesPerSecond(how, { records: 30_000, bytes: 300_000, brokers: 3 }), 150)
})

test('a room that is liked often is written once a second, one that is liked seldom for each like', () => {
  const states = (LIKES: string): number =>
    trafficOf(demandOf({ ...million, LIKES, SESSIONS: '0', STAY_MINUTES: '1440' }), of).states
  const visits = states('0')
  assert.ok(Math.abs(states('1000') - visits - 10_000) < 100)
  assert.ok(Math.abs(states('0.001') - visits - 10) < 0.1)
})

test('inputs that change nothing share transactions, and take none where others are', () => {
  const each = (visits: number, changes: number, likeStates = 0): number =>
    transactionsOf({ visits, changes, likeStates }, of, { partitions: 1, likeFetches: 5 })
  assert.ok(each(0.01, 0) > 0.0095)
  assert.ok(each(1_000, 0) < 4)
  assert.ok(each(1_000, 20) - each(0, 20) < 0.1)
  assert.equal(each(0, 1_000), 1_000 / of.transactionMs)
  assert.ok(each(0, 0, 1_000) <= 5)
})

test('with the spares missing, the others have no more to do than they may', () => {
  for (const SPARE of ['0', '2']) {
    const demand = demandOf({ ROOMS: '1000', CLIENTS: '1e5', SPARE })
    const { edges, edge, services, partitions, brokers } = planOf(demand, of)
    const left = edgeNeed(demand, trafficOf(demand, of), of, {
      edges: edges - demand.SPARE,
      partitions,
      brokers,
    })
    assert.ok(coresOf(left) <= demand.BUSY)
    assert.equal(coresOf(left), coresOf(edge))
    for (const { cores } of Object.values(services)) assert.ok(cores <= demand.BUSY)
  }
})

test('a room is back in time after a kill: fewer rooms on each state-machine, or a longer time', () => {
  const instances = (OUTAGE_SECONDS: string): number =>
    planOf(
      demandOf({
        ROOMS: '1e6',
        CLIENTS: '1e6',
        LIKES: '0',
        COMMENTS: '0',
        SESSIONS: '0',
        STAY_MINUTES: '1440',
        OUTAGE_SECONDS,
      }),
      of,
    ).services.stateMachine.instances ?? 0
  assert.ok(instances('7') > instances('30'))
})

test('what is too much for one system is carried by several, and each of these carries its own', () => {
  const demand = demandOf({ ROOMS: '1e5', CLIENTS: '1e7' })
  assert.equal(fits(planOf(demand, of)), false)
  const layout = layOut(demand, of)
  assert.ok(layout !== undefined && layout.cells > 1)
  assert.ok(fits(layout.plan))
  assert.equal(
    fits(
      planOf({ ...demand, ROOMS: demand.ROOMS / (layout.cells - 1), CLIENTS: demand.CLIENTS / (layout.cells - 1) }, of),
    ),
    false,
  )
})

test('calls to the video cloud are said, but keep nobody from having clients', () => {
  const plan = planOf(demandOf({ ROOMS: '1000', CLIENTS: '1e5', SESSIONS: '50' }), of)
  assert.equal(shareOf(plan, 'calls to the video cloud') > 1, true)
  assert.ok(fits(plan))
})

test('limits come in the order in which they are met, and before them the system fits', () => {
  const demand = demandOf({ ROOMS: '1000', CLIENTS: '1e5', SESSIONS: '0' })
  const limits = limitsInOrder(demand, of)
  const [first] = limits
  assert.ok(first !== undefined)
  assert.deepEqual(
    limits.toSorted((one, other) => one.clients - other.clients),
    limits,
  )
  assert.ok(fits(planOf({ ...demand, CLIENTS: first.clients / 2, ROOMS: first.clients / 200 }, of)))
})

const shareOf = ({ limits }: Plan, name: string): number => limits.find(({ what }) => what === name)?.share ?? 0
