import { topics, type TopicKey } from '../../schemas/topics.ts'
import type { AclRule } from '../../services/shared/kafka/acls.ts'

/** What somebody may do at the cluster, and for what. */
export type Permission = Omit<AclRule, 'principal'> & { readonly why: string }

const onTopic =
  (operation: AclRule['operation']) =>
  (key: TopicKey, why: string): Permission => ({
    resource: 'topic',
    pattern: 'literal',
    name: topics[key].name,
    operation,
    why,
  })

// Kafka lets whoever may read or write a topic describe it, too; and whoever may write any topic get a producer id.
const reads = onTopic('Read')
const writes = onTopic('Write')
const describes = onTopic('Describe')

/** To join a consumer group, and to commit its offsets. */
const joins = (name: string): Permission => ({
  resource: 'group',
  pattern: 'literal',
  name,
  operation: 'Read',
  why: 'its consumer group',
})

const transacts = (pattern: AclRule['pattern'], name: string, why: string): Permission => ({
  resource: 'transactionalId',
  pattern,
  name,
  operation: 'Write',
  why,
})
/** One transactional id for each partition. */
const transactsByPartition = (prefix: string): Permission =>
  transacts('prefixed', prefix, 'one producer for each partition')

const givesUp = writes('deadLetter', 'records that it cannot read')

/**
 * Everything that each part of roomcast, and whoever writes to it, has to be allowed at a cluster where nothing is allowed by itself;
 * no more than that. Documents, commands and the tests follow from it.
 */
export const permissions = {
  ingest: [
    writes('roomInput', 'requests and callbacks'),
    writes('pushComment', 'comments'),
    writes('pushLike', 'likes'),
    reads('roomState', 'lists, early refusals'),
    reads('requestOutcome', 'answers to requests'),
    givesUp,
  ],
  'state-machine': [
    reads('roomInput', 'what it decides on'),
    joins('state-machine'),
    reads('pushLike', 'totals'),
    reads('roomState', 'restore'),
    transactsByPartition('state-machine-'),
    writes('pushSignal', 'weights 4 and 5'),
    writes('requestOutcome', 'what was decided'),
    writes('mixCommand', 'commands to the mixer'),
    writes('roomState', 'states'),
    writes('roomInput', 'timers, messages between rooms'),
    givesUp,
  ],
  mixer: [
    reads('mixCommand', 'what it carries out'),
    joins('mixer'),
    transactsByPartition('mixer-'),
    writes('roomInput', 'results'),
    givesUp,
  ],
  edge: [
    reads('pushSignal', 'weights 4 and 5'),
    reads('pushComment', 'comments'),
    reads('pushLike', 'likes'),
    reads('roomState', 'snapshots'),
    reads('roomPresence', 'viewers at all edges'),
    writes('roomPresence', 'viewers at this edge'),
    givesUp,
  ],
  /** `node deploy/kafka/setup.ts`. */
  setup: (Object.keys(topics) as readonly TopicKey[]).flatMap((key) => [
    onTopic('Create')(key, 'topics that are missing'),
    describes(key, 'whether it is there'),
    onTopic('DescribeConfigs')(key, 'whether it is as declared'),
  ]),
  /** A service of another team that writes Avro. */
  upstream: [writes('roomInput', 'requests'), writes('pushComment', 'comments'), writes('pushLike', 'likes')],
  /** `node deploy/dead-letters/dead-letters.ts`; to list and show alone, the first line is enough. */
  'dead-letters': [
    reads('deadLetter', 'list and show'),
    writes('deadLetter', 'replay: that it was done'),
    reads('roomInput', 'replay: whether the room has gone on'),
    reads('pushComment', 'replay: whether it was done'),
    reads('pushLike', 'replay: whether it was done'),
    reads('roomState', 'replay: whether the room has gone on'),
    writes('roomInput', 'replay'),
    writes('pushComment', 'replay'),
    writes('pushLike', 'replay'),
    transacts('literal', 'dead-letters', 'replay: one at a time'),
  ],
} as const satisfies Readonly<Record<string, readonly Permission[]>>

export type Who = keyof typeof permissions

/** Everybody, in the order of the table. */
export const everybody = Object.keys(permissions) as readonly Who[]

/**
 * The rules for some of them.
 * @param principal the name that somebody has at the brokers: `{}` in it stands for the one of the table
 */
export const rulesFor = (who: readonly Who[], principal: string): readonly AclRule[] =>
  who.flatMap((name) =>
    permissions[name].map(({ resource, pattern, name: resourceName, operation }: Permission) => ({
      principal: principal.replace('{}', name),
      resource,
      pattern,
      name: resourceName,
      operation,
    })),
  )
