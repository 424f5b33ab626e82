import { withCluster } from '../../services/shared/kafka/cluster.ts'
import { fetchReplicas } from '../../services/shared/kafka/replicas.ts'
import type { Stage } from './stage.ts'

/** kafkajs' number of the coordinators of transactions; that of groups is 0. */
const transactionCoordinator = 1

/** What a broker does for the others, in words that follow on `which`. The active controller is not among it: no client can ask for that. */
export const describeRoles = async (
  { kafka, partitions }: Pick<Stage, 'kafka' | 'partitions'>,
  id: number,
): Promise<string> => {
  const { leaderships } = await fetchReplicas({ kafka })
  const [groups, transactions] = await withCluster({ kafka, deadlineMs: 10_000 }, async ({ cluster }) => {
    const isThis = async (groupId: string, coordinatorType: number): Promise<boolean> =>
      (await cluster.findGroupCoordinator({ groupId, coordinatorType })).nodeId === id
    const ids = Array.from({ length: partitions }, (_, partition) => `state-machine-${partition}`)
    return Promise.all([
      isThis('state-machine', 0),
      Promise.all(ids.map((one) => isThis(one, transactionCoordinator))).then((all) => all.filter(Boolean).length),
    ])
  })
  const leads = `leads ${leaderships.get(id) ?? 0} partitions`
  return `${leads}, coordinates ${transactions} of ${partitions} transactions${groups ? ' and the group' : ''}`
}
