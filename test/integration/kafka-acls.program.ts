// Whether each rule of deploy/kafka/acl-table.ts is needed: takes one away at a time, sees that what it is for is refused, and gives it
// back. By hand, less than a minute: node test/integration/kafka-acls.program.ts
import { everybody, permissions, rulesFor, type Who } from '../../deploy/kafka/acl-table.ts'
import { wantedTopics } from '../../deploy/kafka/wanted-topics.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { topics } from '../../schemas/topics.ts'
import { createAcls, deleteAcls } from '../../services/shared/kafka/acls.ts'
import { createTopics } from '../../services/shared/kafka/admin.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import { askFor, writeRecord } from '../support/secured-rules.ts'
import { passwordOf, startSecuredBroker } from '../support/secured-broker.ts'

const principal = 'User:{}'
const looking = { deadlineMs: 15_000, everyMs: 50 }
const broker = await startSecuredBroker({ users: everybody })
const { admin, saslAddress, caFile } = broker

/** Resolves with the number of rules of somebody that were needed. */
const tryEach = async (who: Who): Promise<number> => {
  const sasl = { mechanism: 'scram-sha-512', username: who, password: passwordOf(who) } as const
  const kafka = createKafka({ brokers: [saslAddress], clientId: 'test', ssl: { caFile }, sasl, log: silentLog })
  const groupTopic = who === 'mixer' ? topics.mixCommand.name : topics.roomInput.name
  const rules = rulesFor([who], principal)
  let needed = 0
  for (const [index, permission] of permissions[who].entries()) {
    const becomes = (outcome: string): Promise<boolean> =>
      waitUntil(async () => (await askFor(kafka, permission, groupTopic)) === outcome, looking)
    const change = { kafka: admin, rules: rules.slice(index, index + 1) }
    await deleteAcls(change)
    const isRefused = await becomes('refused')
    await createAcls(change)
    const isNeeded = isRefused && (await becomes('done'))
    if (isNeeded) needed += 1
    const what = `${who} ${permission.operation} ${permission.resource} ${permission.name}`
    console.log(`${isNeeded ? 'needed' : isRefused ? 'STILL REFUSED' : 'NOT NEEDED'}: ${what}`)
  }
  return needed
}

try {
  await createTopics({ kafka: admin, topics: wantedTopics({ partitions: 2, replication: 1, minInsync: 1 }) })
  for (const { name } of Object.values(topics)) await writeRecord(admin, name)
  const rules = rulesFor(everybody, principal)
  await createAcls({ kafka: admin, rules })
  const counts = await Promise.all(everybody.map(tryEach))
  const needed = counts.reduce((sum, count) => sum + count, 0)
  console.log(`${needed} of ${rules.length} rules are needed`)
  process.exitCode = needed === rules.length ? 0 : 1
} finally {
  await broker.stop()
}
