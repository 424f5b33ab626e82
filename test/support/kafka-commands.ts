import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchOnce, sharedCacheDir } from '../../deploy/local/jars.ts'

const here = import.meta.dirname

/** Kafka's own commands, and the class that each of them runs in its distribution. */
const commands: Readonly<Record<string, string>> = {
  'kafka-broker-api-versions.sh': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-console-consumer.sh': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups.sh': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-log-dirs.sh': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
  'kafka-transactions.sh': 'org.apache.kafka.tools.TransactionsCommand',
}

/** The jars bring no scripts: these start the same classes, with the least that a JVM needs. */
const scriptFor = (jars: string, main: string): string =>
  `#!/bin/sh\nexec java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '${jars}/*' ${main} "$@"\n`

/**
 * Puts Kafka's commands, under the names that its distribution gives them, into a folder for the PATH. Their jars are fetched once.
 * Throws a PlatformError that says what is missing.
 */
export const putKafkaCommands = async (folder: string): Promise<void> => {
  const jars = join(sharedCacheDir, 'kafka-tools-4.3.0')
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime']
  const project = join(here, 'kafka-tools.pom.xml')
  await fetchOnce({ what: "Apache Kafka's commands", to: jars, goal, project }, () => {})
  for (const [name, main] of Object.entries(commands)) {
    await writeFile(join(folder, name), scriptFor(jars, main), { mode: 0o755 })
  }
}
