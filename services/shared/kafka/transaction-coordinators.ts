import { setTimeout as delay } from 'node:timers/promises'
import { protocolErrorType } from './faults.ts'
import type { Broker, Cluster } from './internals.ts'

type FindCoordinator = Cluster['findGroupCoordinator']

const firstPauseMs = 1
const longestPauseMs = 16
/** Longer than any transaction lives: the coordinator is not completing the last one, something is wrong. */
const maxPauses = 1000

/** It coordinates this no more, or has not read yet what it coordinates. A step that was done all the same is answered as done when it comes again. */
const movedTypes = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS'])

/**
 * A coordinator that is asked again where kafkajs gives up, and the state of the transaction allows it: for some ms after a commit, in which
 * it writes markers and refuses the next transaction (CONCURRENT_TRANSACTIONS); and after it has moved to another broker, which
 * has read everything of the transaction from its log. Not after a broken connection: what was asked may have been done.
 */
const patient = (first: Broker, findAnew: () => Promise<Broker>): Broker => {
  let coordinator = first

  const patiently = async (step: (coordinator: Broker) => Promise<unknown>): Promise<unknown> => {
    for (let pauses = 0, pauseMs = firstPauseMs; ; pauses += 1, pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await step(coordinator)
      } catch (error) {
        const type = protocolErrorType(error) ?? ''
        const hasMoved = movedTypes.has(type)
        if (pauses === maxPauses || !(hasMoved || type === 'CONCURRENT_TRANSACTIONS')) throw error
        await delay(pauseMs)
        if (hasMoved) coordinator = await findAnew()
      }
    }
  }

  return Object.create(first, {
    addPartitionsToTxn: { value: (request: object) => patiently((broker) => broker.addPartitionsToTxn(request)) },
    addOffsetsToTxn: { value: (request: object) => patiently((broker) => broker.addOffsetsToTxn(request)) },
    txnOffsetCommit: { value: (request: object) => patiently((broker) => broker.txnOffsetCommit(request)) },
    endTxn: { value: (request: object) => patiently((broker) => broker.endTxn(request)) },
    isConnected: { value: () => coordinator.isConnected() },
  })
}

/**
 * kafkajs asks for the coordinator before each step of a transaction, four times in all. Here it is asked for once, and again when it has
 * moved or its connection is gone, as after the restart of a broker while there was nothing to do.
 */
export const rememberCoordinators = (cluster: { findGroupCoordinator: FindCoordinator }): void => {
  const find = cluster.findGroupCoordinator.bind(cluster)
  const known = new Map<string, Broker>()
  cluster.findGroupCoordinator = async (group) => {
    const key = `${group.coordinatorType}/${group.groupId}`
    const earlier = known.get(key)
    if (earlier?.isConnected() === true) return earlier
    const coordinator = patient(await find(group), () => find(group))
    known.set(key, coordinator)
    return coordinator
  }
}
