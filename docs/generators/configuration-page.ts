import { z } from 'zod'
import { setupEnvironment } from '../../deploy/kafka/setup-config.ts'
import { edgeEnvironment } from '../../services/edge/config.ts'
import { ingestEnvironment } from '../../services/ingest/config.ts'
import { mixerEnvironment } from '../../services/mixer/config.ts'
import { kafkaConfig, logConfig, mediaConfig, registryConfig } from '../../services/shared/config.ts'
import { tracingConfig } from '../../services/shared/tracing/config.ts'
import { stateMachineEnvironment } from '../../services/state-machine/config.ts'

type Shape = Readonly<Record<string, z.core.$ZodType>>

/** The pieces that every service has. */
const common: readonly (readonly [string, Shape])[] = [
  ['Kafka and the schema registry', { ...kafkaConfig, ...registryConfig }],
  ['Addresses of streams', mediaConfig],
  ['Log', logConfig],
  ['Traces', tracingConfig],
]

/** The services, and the setup of topics and schemas. */
const services: readonly (readonly [string, Shape])[] = [
  ['ingest', ingestEnvironment.shape],
  ['state-machine', stateMachineEnvironment.shape],
  ['mixer', mixerEnvironment.shape],
  ['edge', edgeEnvironment.shape],
  ['setup', setupEnvironment.shape],
]

/** The default as it would be written into the environment; undefined: the setting has none. */
const defaultOf = (schema: z.core.$ZodType): string | undefined => {
  const { def } = schema._zod
  if (schema instanceof z.ZodDefault) return textOf(schema.def.defaultValue)
  if (schema instanceof z.ZodPipe) return defaultOf(schema.def.in)
  return 'innerType' in def && def.innerType instanceof z.ZodType ? defaultOf(def.innerType) : undefined
}

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value))

const rowOf = ([name, schema]: readonly [string, z.core.$ZodType]): string => {
  const { description, secret } = z.globalRegistry.get(schema) ?? {}
  if (description === undefined) throw new Error(`${name} has no description: say in its config.ts what it means`)
  const byDefault = defaultOf(schema)
  const cell = byDefault === undefined || byDefault === '' ? '' : `\`${byDefault}\``
  const meaning = `${description.replaceAll('|', '\\|')}${secret === true ? '. **Secret**' : ''}`
  return `| \`${name}\` | ${cell} | ${meaning} |`
}

const section = (title: string, shape: Shape): string =>
  `## ${title}\n\n| name | default | |\n|---|---|---|\n${Object.entries(shape).map(rowOf).join('\n')}\n`

const introduction = `<!-- Generated from the services' config.ts by docs/generators/configuration-page.ts. Do not edit. -->

# Settings

Each service reads its settings from the environment, once, when it starts. A bad value stops the start with exit code 1 and a message that
names every bad key and no value. A key that is set to nothing counts as not set. Names that end in _MS are milliseconds, in _BYTES
bytes; a flag is \`1\` or \`true\`, \`0\` or \`false\`. A secret is in no log; give it by a reference to where you keep secrets. A name means the
same in every service that has it.

All four services read what is under the first four headings, and the setup of topics and schemas (node deploy/kafka/setup.ts) that of Kafka
and the log.
`

/** The page of every setting: common ones once, then those of each service. */
export const createConfigurationPage = (): string => {
  const shared = new Set(common.flatMap(([, shape]) => Object.keys(shape)))
  const own = services.map(
    ([service, shape]) =>
      [service, Object.fromEntries(Object.entries(shape).filter(([name]) => !shared.has(name)))] as const,
  )
  return [introduction, ...[...common, ...own].map(([title, shape]) => section(title, shape))].join('\n')
}
