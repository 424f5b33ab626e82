import { logDirOf, type BrokerNode } from './cluster.ts'

/**
 * A node that is broker and controller (KRaft), listening on loopback alone. Few partitions of the internal topics, because they are
 * created at first use, while somebody waits; no pause before the first join of a group, and none in the group coordinator before it
 * writes: each transaction waits for it twice.
 */
export const describeBroker = (
  dataDir: string,
  { id, port, controllerPort }: BrokerNode,
  nodes: readonly BrokerNode[],
): string => `\
process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${nodes.map((node) => `${node.id}@127.0.0.1:${node.controllerPort}`).join(',')}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${logDirOf(dataDir, id)}
auto.create.topics.enable=false
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.coordinator.append.linger.ms=0
log.cleaner.dedupe.buffer.size=16777216
${nodes.length === 1 ? aloneProperties : clusterProperties(nodes.length)}`

/**
 * One replica of everything. No controlled shutdown: there is nobody to hand the leadership to, and between giving it up and the end the
 * coordinator would forget the markers of transactions in flight.
 */
const aloneProperties = `\
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
controlled.shutdown.enable=false
`

/**
 * A replica of everything on each, and nothing is acknowledged before two have it. Who has died is noticed after three seconds, not nine:
 * that long nobody can write to what it led.
 */
const clusterProperties = (count: number): string => `\
default.replication.factor=${count}
min.insync.replicas=2
offsets.topic.replication.factor=${count}
transaction.state.log.replication.factor=${count}
transaction.state.log.min.isr=2
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
`
