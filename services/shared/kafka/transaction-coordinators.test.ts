import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createErrorFromCode, type Broker } from './internals.ts'
import { rememberCoordinators } from './transaction-coordinators.ts'

const notCoordinator = 16
const concurrentTransactions = 51
const invalidProducerEpoch = 47

/** Brokers of which one is said to coordinate, and what they were asked. `refusals`: error codes of the first answers to a step. */
const createCluster = (refusals: number[] = []) => {
  const asked: string[] = []
  const cluster = {
    coordinator: 1,
    connected: new Set([1, 2]),
    found: [] as string[],
    findGroupCoordinator: async ({ groupId }: { readonly groupId: string }): Promise<Broker> => {
      cluster.found.push(groupId)
      const nodeId = cluster.coordinator
      const step = (name: string) => async (): Promise<unknown> => {
        asked.push(`${name} of ${nodeId}`)
        if (nodeId !== cluster.coordinator) throw createErrorFromCode(notCoordinator)
        const refusal = refusals.shift()
        if (refusal !== undefined) throw createErrorFromCode(refusal)
        return {}
      }
      const steps = ['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn']
      const broker = Object.fromEntries(steps.map((name) => [name, step(name)]))
      return { ...broker, nodeId, isConnected: () => cluster.connected.has(nodeId) } as unknown as Broker
    },
  }
  rememberCoordinators(cluster)
  return { cluster, asked }
}

const group = { groupId: 'id', coordinatorType: 1 }

test('the coordinator is asked for once', async () => {
  const { cluster } = createCluster()
  await (await cluster.findGroupCoordinator(group)).addPartitionsToTxn({})
  await (await cluster.findGroupCoordinator(group)).endTxn({})
  assert.deepEqual(cluster.found, ['id'])
})

test('a step that finds the coordinator moved goes on with the new one, at any point of a transaction', async () => {
  for (const step of ['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'] as const) {
    const { cluster, asked } = createCluster()
    const coordinator = await cluster.findGroupCoordinator(group)
    cluster.coordinator = 2
    await coordinator[step]({})
    assert.deepEqual(asked, [`${step} of 1`, `${step} of 2`])
    await (await cluster.findGroupCoordinator(group))[step]({})
    assert.equal(asked.at(-1), `${step} of 2`)
    assert.equal(cluster.found.length, 2)
  }
})

test('a coordinator whose connection is gone is asked for anew', async () => {
  const { cluster, asked } = createCluster()
  await cluster.findGroupCoordinator(group)
  cluster.coordinator = 2
  cluster.connected.delete(1)
  await (await cluster.findGroupCoordinator(group)).addPartitionsToTxn({})
  assert.deepEqual(asked, ['addPartitionsToTxn of 2'])
})

test('while the last transaction is being completed the step is tried again; any other error is the caller’s', async () => {
  const { cluster, asked } = createCluster([concurrentTransactions, concurrentTransactions, invalidProducerEpoch])
  const coordinator = await cluster.findGroupCoordinator(group)
  await assert.rejects(coordinator.addPartitionsToTxn({}), { type: 'INVALID_PRODUCER_EPOCH' })
  assert.equal(asked.length, 3)
})
