import type { PushMessage } from './events.ts'
import type { AvroRecord } from './records.ts'
import { comment, dataFields, declare, typeOf } from './typescript.ts'

/** What the client's package knows of the messages: the type of `data` of each, and the table by number. It imports nothing. */
export const clientEventsSource = (
  records: readonly AvroRecord[],
  messages: readonly Pick<PushMessage, 'type' | 'name' | 'weight' | 'record' | 'says'>[],
): string => {
  const recordOf = (name: string): AvroRecord => {
    const record = records.find((one) => one.name === name)
    if (record === undefined) throw new Error(`there is no ${name}.avsc`)
    return record
  }
  const names = new Set(records.map(({ name }) => name))
  const used = new Set<string>()
  const bodies = messages.map(({ type, name, weight, record, says }) => {
    const fields = dataFields(recordOf(record)).map(({ name: field, wire, omitWhen, type: schema, doc }) => {
      const told = typeOf(schema)
      for (const word of told.match(/\w+/g) ?? []) if (names.has(word)) used.add(word)
      return `${comment(doc, '    ')}    readonly ${wire ?? field}${omitWhen === undefined ? '' : '?'}: ${told}\n`
    })
    return `  /** ${type}, weight ${weight}: ${says}. */\n  readonly '${name}': {\n${fields.join('')}  }\n`
  })
  const table = messages.map(({ type, name }) => `  ${type}: '${name}',\n`)
  return [
    '// Generated from schemas/*.avsc by schemas/generate.ts. Do not edit.\n',
    ...[...used].map((name) => declare(recordOf(name))),
    `/** \`data\` of each push message, by name. */\nexport type PushData = {\n${bodies.join('')}}\n`,
    'export type PushName = keyof PushData\n',
    `/** The name of each push message, by the number in \`type\`. */\nexport const pushNames: Readonly<Record<number, PushName>> = {\n${table.join('')}}\n`,
  ].join('\n')
}
