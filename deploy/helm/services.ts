import { z } from 'zod'
import { topics } from '../../schemas/topics.ts'
import { closeDeadlineMs as edgeCloseDeadlineMs, edgeEnvironment } from '../../services/edge/config.ts'
import { ingestEnvironment } from '../../services/ingest/config.ts'
import { mixerEnvironment } from '../../services/mixer/config.ts'
import { defaultCloseDeadlineMs } from '../../services/shared/service.ts'
import { stateMachineEnvironment } from '../../services/state-machine/config.ts'

type Shape = Readonly<Record<string, z.core.$ZodType>>

/** What the chart has to know of a service, from the service's own code. */
export type ChartService = {
  /** Its name in arguments, labels and metrics; the key of the record is that in values. */
  readonly name: string
  readonly ports: Readonly<Record<string, number>>
  /** Within this it has stopped after SIGTERM. */
  readonly closeSeconds: number
  /** The topic whose lag says that more instances are needed. */
  readonly lagTopic?: string
  /** Names that may be given in values as text. */
  readonly settings: readonly string[]
  /** Names that may be given in values as references to a Secret. */
  readonly secrets: readonly string[]
}

/**
 * The chart writes these itself (Kafka, registry), counts on their defaults (ports), or they have no place in a cluster (folders of one machine, and
 * what belongs to the media server of a local run).
 */
const notInValues = /^(KAFKA_|SCHEMA_REGISTRY_|MIXER_FFMPEG_)|_PORT$|^(ALLOW_INSECURE_LOCAL|DATA_DIR|DEBUG|PATH)$/

const isSecret = (schema: z.core.$ZodType): boolean => z.globalRegistry.get(schema)?.['secret'] === true

export const shapes = {
  ingest: ingestEnvironment.shape,
  stateMachine: stateMachineEnvironment.shape,
  mixer: mixerEnvironment.shape,
  edge: edgeEnvironment.shape,
} as const satisfies Record<string, Shape>

export type ServiceKey = keyof typeof shapes

/** The settings of a shape that values may have, with their schemas. */
export const settingsOf = (shape: Shape, { secret }: { secret: boolean }): Shape =>
  Object.fromEntries(
    Object.entries(shape)
      .filter(([name, schema]) => !notInValues.test(name) && isSecret(schema) === secret)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )

const portOf = (schema: z.ZodType): number => z.number().parse(schema.parse(undefined))

const describe = (
  name: string,
  shape: Shape,
  rest: Pick<ChartService, 'ports' | 'lagTopic'> & { closeMs?: number },
): ChartService => {
  const { closeMs = defaultCloseDeadlineMs, ports, lagTopic } = rest
  return {
    name,
    ports,
    closeSeconds: Math.ceil(closeMs / 1_000),
    ...(lagTopic === undefined ? {} : { lagTopic }),
    settings: Object.keys(settingsOf(shape, { secret: false })),
    secrets: Object.keys(settingsOf(shape, { secret: true })),
  }
}

export const chartServices: Readonly<Record<ServiceKey, ChartService>> = {
  ingest: describe('ingest', shapes.ingest, {
    ports: { http: portOf(shapes.ingest.INGEST_PORT), admin: portOf(shapes.ingest.INGEST_ADMIN_PORT) },
  }),
  stateMachine: describe('state-machine', shapes.stateMachine, {
    ports: { admin: portOf(shapes.stateMachine.STATE_MACHINE_ADMIN_PORT) },
    lagTopic: topics.roomInput.name,
  }),
  mixer: describe('mixer', shapes.mixer, {
    ports: { admin: portOf(shapes.mixer.MIXER_ADMIN_PORT) },
    lagTopic: topics.mixCommand.name,
  }),
  edge: describe('edge', shapes.edge, {
    ports: { http: portOf(shapes.edge.EDGE_PORT), admin: portOf(shapes.edge.EDGE_ADMIN_PORT) },
    closeMs: edgeCloseDeadlineMs,
  }),
}
