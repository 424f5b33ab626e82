// Writes types.generated.ts, docs/messages.generated.md and the client's events.generated.ts from the .avsc files and events.ts.
// With --check it writes nothing and fails when a file is not what it would write.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { clientEventsSource } from './client-events.ts'
import type { PushMessage } from './events.ts'
import { readRecords, type AvroField, type AvroRecord } from './records.ts'
import { dataFields, declare, typeOf } from './typescript.ts'

const envelope = ['eventId', 'roomId', 'occurredAt']
const isEvent = ({ fields }: AvroRecord): boolean =>
  envelope.every((name) => fields.some((field) => field.name === name))
const isPush = (record: AvroRecord): boolean => record.namespace === 'roomcast.push' && isEvent(record)

const wireFieldLine = ({ name, wire, omitWhen }: AvroField): string =>
  `    { field: '${name}', wire: '${wire ?? name}'${omitWhen === undefined ? '' : `, omitWhen: ${JSON.stringify(omitWhen)}`} },\n`

const typesSource = (records: readonly AvroRecord[]): string => {
  const names = new Set(records.map(({ name }) => name))
  if (names.size < records.length) throw new Error('two Avro records have the same short name')
  const events = records.filter(isEvent)
  const pushes = records.filter(isPush)
  return [
    '// Generated from *.avsc by generate.ts. Do not edit.\n',
    ...records.map(declare),
    '/** Every record that is written to Kafka, by its short name. */\n' +
      `export type Records = {\n${events.map(({ name }) => `  readonly ${name}: ${name}\n`).join('')}}\n`,
    'export type RecordName = keyof Records\n',
    '/** A record together with its short name. */\n' +
      'export type RecordOf<N extends RecordName> = { readonly [T in N]: { readonly type: T; readonly record: Records[T] } }[N]\n' +
      'export type AnyRecord = RecordOf<RecordName>\n',
    '/** The full name of each record. */\n' +
      'export const fullNames: Readonly<Record<RecordName, string>> = {\n' +
      `${events.map(({ namespace, name }) => `  ${name}: '${namespace}.${name}',\n`).join('')}}\n`,
    `export type PushRecordName =\n${pushes.map(({ name }) => `  | '${name}'\n`).join('')}`,
    '/** A field of a push record, and what it is called in `data` on the wire. */\n' +
      'export type WireField = { readonly field: string; readonly wire: string; readonly omitWhen?: unknown }\n',
    '/** The fields of `data` of each push message, in order. */\n' +
      'export const wireFields: Readonly<Record<PushRecordName, readonly WireField[]>> = {\n' +
      `${pushes.map((push) => `  ${push.name}: [\n${dataFields(push).map(wireFieldLine).join('')}  ],\n`).join('')}}\n`,
  ].join('\n')
}

const messagesPage = (records: readonly AvroRecord[], pushMessages: readonly PushMessage[]): string => {
  const audiences = { room: 'everyone in the room', user: 'one user', connection: 'the connection that subscribed' }
  const sections = pushMessages.map((message) => {
    const record = records.find(({ name }) => name === message.record)
    if (record === undefined) throw new Error(`there is no ${message.record}.avsc for ${message.name}`)
    const rows = dataFields(record).map(
      ({ name, wire, type, doc }) => `| \`${wire ?? name}\` | ${typeOf(type).replaceAll('|', '\\|')} | ${doc ?? ''} |`,
    )
    return `## ${message.type} ${message.name}\n\n${message.says}. Weight ${message.weight}, to ${audiences[message.audience]}; record \`${record.namespace}.${record.name}\`.\n\n| in \`data\` | | |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  const overview = pushMessages
    .map((m) => `| ${m.type} | ${m.name} | ${m.weight} | ${audiences[m.audience]} |`)
    .join('\n')
  return `<!-- Generated from schemas/ by schemas/generate.ts. Do not edit. -->\n\n# Push messages\n\nThe lower the weight, the sooner a message is delivered.\n\n| type | name | weight | goes to |\n|---|---|---|---|\n${overview}\n\n${sections.join('\n')}`
}

const main = async (check: boolean): Promise<number> => {
  const records = [...readRecords().values()]
  let stale = 0
  const put = (path: string, content: string): void => {
    const url = new URL(path, import.meta.url)
    if (!check) return writeFileSync(url, content)
    if (!existsSync(url) || readFileSync(url, 'utf8') !== content) {
      stale += 1
      console.error(`${path} is not what schemas/generate.ts makes: run 'make generate' and commit the result`)
    }
  }
  mkdirSync(new URL('../docs/', import.meta.url), { recursive: true })
  put('./types.generated.ts', typesSource(records))
  // Not before the types that it imports are there.
  const { pushMessages } = await import('./events.ts')
  put('../docs/messages.generated.md', messagesPage(records, pushMessages))
  put('../services/edge/client/events.generated.ts', clientEventsSource(records, pushMessages))
  return stale
}

process.exitCode = await main(process.argv.includes('--check'))
