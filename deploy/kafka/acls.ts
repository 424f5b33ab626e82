// What each part of roomcast has to be allowed at a Kafka cluster: `node deploy/kafka/acls.ts --help`.
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { kafkaConfig, kafkaSettings, readConfig } from '../../services/shared/config.ts'
import { Fault } from '../../services/shared/fault.ts'
import { createAcls } from '../../services/shared/kafka/acls.ts'
import { createKafka } from '../../services/shared/kafka/client.ts'
import { silentLog } from '../../services/shared/log.ts'
import { everybody, rulesFor, type Who } from './acl-table.ts'
import { aclCommands, aclTable, strimziUsers } from './describe-acls.ts'
import { isWrongUsage } from './wrong-usage.ts'

const usage = `\
usage: node deploy/kafka/acls.ts [table | commands | strimzi | apply] [--principal 'User:roomcast-{}'] [--cluster NAME] [WHO …]

  table      a table for people (default)
  commands   kafka-acls.sh commands, to be run by an administrator of the cluster
  strimzi    KafkaUser resources; --cluster is the name of the Kafka resource (default: kafka)
  apply      adds the rules to the cluster of KAFKA_BROKERS and the other KAFKA_…, as the administrator that these name

WHO: ${everybody.join(', ')}; everybody unless given. {} in --principal stands for that name: with certificates in the
place of users it is 'User:CN=roomcast-{}', or whatever ssl.principal.mapping.rules makes of a certificate.

Exit code: 0 done, 1 failed, 64 these arguments are unknown.`

const isOneOfUs = (name: string): name is Who => everybody.some((each) => each === name)

const apply = async (who: readonly Who[], principal: string): Promise<void> => {
  const settings = kafkaSettings(readConfig(z.object(kafkaConfig), process.env))
  const kafka = createKafka({ ...settings, clientId: 'roomcast-setup', log: silentLog })
  const rules = rulesFor(who, principal)
  await createAcls({ kafka, rules })
  console.log(`${rules.length} rules for ${who.map((name) => principal.replace('{}', name)).join(', ')} are there`)
}

const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      principal: { type: 'string', default: 'User:roomcast-{}' },
      cluster: { type: 'string', default: 'kafka' },
      help: { type: 'boolean', default: false },
    },
  })
  const verbs = ['table', 'commands', 'strimzi', 'apply']
  const [first = 'table'] = positionals
  const verb = verbs.includes(first) ? first : 'table'
  const named = verbs.includes(first) ? positionals.slice(1) : positionals
  const who = named.length > 0 ? named.filter(isOneOfUs) : everybody
  if (values.help || who.length < named.length) {
    console.log(usage)
    return values.help ? 0 : 64
  }
  if (verb === 'apply') await apply(who, values.principal)
  else if (verb === 'commands') console.log(aclCommands(who, values.principal).join('\n'))
  else if (verb === 'strimzi') process.stdout.write(strimziUsers(who, values.cluster))
  else process.stdout.write(aclTable(who))
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (isWrongUsage(error)) console.error(`${error.message}\n\n${usage}`)
  else console.error(error instanceof Fault ? `acls: ${error.message}` : error)
  process.exitCode = isWrongUsage(error) ? 64 : 1
}
