import { permissions, rulesFor, type Permission, type Who } from './acl-table.ts'
import type { AclRule } from '../../services/shared/kafka/acls.ts'

/** Rules of one principal that one command, or one entry, can hold: the same operations on several things of one kind. */
type Grant = Pick<AclRule, 'principal' | 'resource' | 'pattern'> & {
  readonly names: readonly string[]
  readonly operations: readonly AclRule['operation'][]
}

const grantsOf = (rules: readonly AclRule[]): readonly Grant[] => {
  const byThing = Map.groupBy(rules, ({ principal, resource, pattern, name }) =>
    [principal, resource, pattern, name].join(' '),
  )
  const things = [...byThing.values()].map((same) => ({ same, operations: same.map(({ operation }) => operation) }))
  const together = Map.groupBy(things, ({ same: [first], operations }) =>
    [first?.principal, first?.resource, first?.pattern, ...operations].join(' '),
  )
  return [...together.values()].flatMap((group) => {
    const [first] = group
    const [rule] = first?.same ?? []
    if (first === undefined || rule === undefined) return []
    const { principal, resource, pattern } = rule
    return [
      {
        principal,
        resource,
        pattern,
        operations: first.operations,
        names: group.map(({ same: [one] }) => one?.name ?? ''),
      },
    ]
  })
}

const flags = {
  topic: '--topic',
  group: '--group',
  transactionalId: '--transactional-id',
  cluster: '--cluster',
} as const

/** Commands of Kafka's distribution that allow it, one a line. KAFKA_BROKERS and an `admin.properties` are for the reader to give. */
export const aclCommands = (who: readonly Who[], principal: string): readonly string[] =>
  grantsOf(rulesFor(who, principal)).map(({ principal: user, resource, pattern, names, operations }) =>
    [
      'kafka-acls.sh --bootstrap-server "$KAFKA_BROKERS" --command-config admin.properties --add',
      `--allow-principal '${user}'`,
      ...operations.map((operation) => `--operation ${operation}`),
      ...(pattern === 'prefixed' ? ['--resource-pattern-type prefixed'] : []),
      ...names.map((name) => `${flags[resource]} ${name}`),
    ].join(' '),
  )

const nameInCluster = (who: Who): string => `roomcast-${who}`

/** KafkaUser resources of Strimzi, whose operator makes the users and their passwords; `cluster` is the name of its Kafka. */
export const strimziUsers = (who: readonly Who[], cluster: string): string =>
  who
    .map((name) => {
      const acls = grantsOf(rulesFor([name], '')).flatMap(({ resource, pattern, names, operations }) =>
        names.map(
          (thing) =>
            `      - resource: { type: ${resource}, name: ${thing}, patternType: ${pattern === 'prefixed' ? 'prefix' : 'literal'} }\n` +
            `        operations: [${operations.join(', ')}]\n`,
        ),
      )
      return `\
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata:
  name: ${nameInCluster(name)}
  labels:
    strimzi.io/cluster: ${cluster}
spec:
  authentication:
    type: scram-sha-512
  authorization:
    type: simple
    acls:
${acls.join('')}`
    })
    .join('---\n')

const kinds = { topic: 'topic', group: 'group', transactionalId: 'transactional id', cluster: 'cluster' } as const

/** The table for people, in Markdown. */
export const aclTable = (who: readonly Who[]): string => {
  const rows = who.flatMap((name) =>
    permissions[name].map(({ resource, pattern, name: thing, operation, why }: Permission) => [
      name,
      operation,
      `${kinds[resource]} \`${thing}${pattern === 'prefixed' ? '*' : ''}\``,
      why,
    ]),
  )
  const lines = [['who', 'may', 'on', 'for'], ['---', '---', '---', '---'], ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
