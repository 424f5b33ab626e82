import type { Kafka } from './client.ts'
import { shortRetry, withCluster } from './cluster.ts'
import { createAdmin, type KafkajsAcl } from './internals.ts'

// Kafka's numbers (`org.apache.kafka.common.acl`, `org.apache.kafka.common.resource`).
const resources = { topic: 2, group: 3, cluster: 4, transactionalId: 5 } as const
const patterns = { literal: 3, prefixed: 4 } as const
const operations = { Read: 3, Write: 4, Create: 5, Describe: 8, DescribeConfigs: 10 } as const
const allow = 3

/** That somebody may do something from anywhere: an access control list of Kafka consists of such rules. */
export type AclRule = {
  /** For example `User:roomcast-ingest`. */
  readonly principal: string
  readonly resource: keyof typeof resources
  readonly pattern: keyof typeof patterns
  readonly name: string
  readonly operation: keyof typeof operations
}

const toKafkajs = ({ principal, resource, pattern, name, operation }: AclRule): KafkajsAcl => ({
  resourceType: resources[resource],
  resourceName: name,
  resourcePatternType: patterns[pattern],
  principal,
  host: '*',
  operation: operations[operation],
  permissionType: allow,
})

type Change = {
  readonly kafka: Kafka
  readonly rules: readonly AclRule[]
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

/**
 * Adds rules; those that are there already stay as they are.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 30 s)
 */
export const createAcls = ({ kafka, rules, deadlineMs = 30_000, signal }: Change): Promise<void> =>
  withCluster({ kafka, deadlineMs, signal }, async ({ cluster, logger }) => {
    await createAdmin({ cluster, logger, retry: shortRetry }).createAcls({ acl: rules.map(toKafkajs) })
  })

/**
 * Takes rules away; those that are not there are passed over.
 * @throws Fault BROKER_UNREACHABLE | BROKER_REFUSED within `deadlineMs` (default 30 s)
 */
export const deleteAcls = ({ kafka, rules, deadlineMs = 30_000, signal }: Change): Promise<void> =>
  withCluster({ kafka, deadlineMs, signal }, async ({ cluster, logger }) => {
    await createAdmin({ cluster, logger, retry: shortRetry }).deleteAcls({ filters: rules.map(toKafkajs) })
  })
