// Writes types.generated.ts and docs/messages.generated.md from the .avsc files and events.ts.
// With --check it writes nothing and fails when a file is not what it would write.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isUnion, readRecords, type Avro, type AvroField, type AvroRecord } from './records.ts'

const primitives: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Uint8Array',
  string: 'string',
}

/** Not on the wire: these address, place or explain a push record. */
const envelopeFields = new Set([
  'eventId',
  'roomId',
  'occurredAt',
  'inputPos',
  'toUid',
  'endReason',
  'actor',
  'expiresAt',
])

const shortName = (fullName: string): string => fullName.slice(fullName.lastIndexOf('.') + 1)
const comment = (text: string | undefined, indent = ''): string =>
  text === undefined ? '' : `${indent}/** ${text} */\n`

const typeOf = (schema: Avro): string => {
  if (typeof schema === 'string') return primitives[schema] ?? shortName(schema)
  if (isUnion(schema)) {
    const [first, second] = schema
    // avsc wraps every other union; refused here rather than modelled.
    if (first !== 'null' || second === undefined || schema.length > 2) {
      throw new Error(`only ["null", T] unions are allowed, not ${JSON.stringify(schema)}`)
    }
    return `${typeOf(second)} | null`
  }
  if ('items' in schema) return `readonly ${typeOf(schema.items)}[]`
  if ('values' in schema) return `Readonly<Record<string, ${typeOf(schema.values)}>>`
  return typeOf(schema.type)
}

const declare = (record: AvroRecord): string =>
  `${comment(record.doc)}export type ${record.name} = {\n` +
  record.fields
    .map((field) => `${comment(field.doc, '  ')}  readonly ${field.name}: ${typeOf(field.type)}\n`)
    .join('') +
  '}\n'

const envelope = ['eventId', 'roomId', 'occurredAt']
const isEvent = ({ fields }: AvroRecord): boolean =>
  envelope.every((name) => fields.some((field) => field.name === name))
const isPush = (record: AvroRecord): boolean => record.namespace === 'roomcast.push' && isEvent(record)
const dataFields = ({ fields }: AvroRecord): readonly AvroField[] =>
  fields.filter(({ name, wire }) => wire !== undefined || !envelopeFields.has(name))

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

const messagesPage = async (records: readonly AvroRecord[]): Promise<string> => {
  const { pushMessages } = await import('./events.ts')
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
    if (readFileSync(url, 'utf8') !== content) {
      stale += 1
      console.error(`${path} is not what schemas/generate.ts makes: run 'make generate' and commit the result`)
    }
  }
  mkdirSync(new URL('../docs/', import.meta.url), { recursive: true })
  put('./types.generated.ts', typesSource(records))
  put('../docs/messages.generated.md', await messagesPage(records))
  return stale
}

process.exitCode = await main(process.argv.includes('--check'))
