import type { Steps } from './panels.ts'

/** Where ConsumerBehind and PartitionStalled begin. */
export const lagSteps: Steps = ['green', [10, 'orange'], [30, 'red']]
/** Where BrokerSlow begins. */
export const kafkaSteps: Steps = ['green', [0.05, 'orange'], [0.1, 'red']]
/** Where TransactionsSlow begins. */
export const transactionSteps: Steps = ['green', [0.1, 'orange'], [0.5, 'red']]
/** None is normal, one is worth a look. */
export const noneSteps: Steps = ['green', [1, 'red']]
/** The good part of 1 under an objective of 99.9 %: kept; used up in two days; faster than that. */
export const objectiveSteps: Steps = ['red', [1 - 14.4 * 0.001, 'orange'], [0.999, 'green']]
