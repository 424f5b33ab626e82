import { topics, type Topic } from '../../../schemas/topics.ts'
import { Fault, isFault } from '../fault.ts'
import type { Log } from '../log.ts'
import { localTypes } from './avro.ts'
import { withSignal } from '../with-signal.ts'
import { createRegistryClient, untilAnswered } from './registry-client.ts'
import { subjectsOf, type Subject } from './subjects.ts'

export type RegistryAccess = {
  readonly registryUrl: string
  /** For one request to the registry. */
  readonly timeoutMs: number
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Registers every record of every topic under `<topic>-<full name>` with compatibility FULL_TRANSITIVE. Idempotent.
 * Retried while the registry does not answer, until the signal aborts (REGISTRY_UNREACHABLE).
 * SCHEMA_INCOMPATIBLE names every subject that the registry refused; the others are registered then.
 */
export const registerSchemas = async ({ registryUrl, timeoutMs, log, signal }: RegistryAccess): Promise<void> => {
  const registry = createRegistryClient({ registryUrl, timeoutMs })
  const types = localTypes()
  const refused: Fault[] = []
  const register = async ({ name, local }: Subject): Promise<void> => {
    try {
      const id = await untilAnswered(() => registry.register(name, local.schema), { signal, log })
      log.debug({ subject: name, id }, 'schema registered')
    } catch (error) {
      if (!isFault(error, 'SCHEMA_INCOMPATIBLE')) throw error
      refused.push(error)
    }
  }
  // One topic after the other, its records together.
  for (const topic of Object.values<Topic>(topics)) await Promise.all(subjectsOf(topic, types).map(register))
  if (refused.length === 0) return
  throw new Fault(
    'SCHEMA_INCOMPATIBLE',
    `the registry refuses ${refused.length} schema(s): ${refused.map(({ message }) => message).join('; ')}`,
  )
}

/**
 * The subjects that the registry does not have with exactly our schema, and how many there are in all. Changes nothing.
 * Retried while the registry does not answer, for at most a minute or until the signal aborts (REGISTRY_UNREACHABLE).
 */
export const missingSubjects = async ({
  registryUrl,
  timeoutMs,
  log,
  signal,
}: RegistryAccess): Promise<{ readonly total: number; readonly missing: readonly string[] }> => {
  const registry = createRegistryClient({ registryUrl, timeoutMs })
  const types = localTypes()
  const missing: string[] = []
  let total = 0
  await withSignal({ signals: [signal], timeoutMs: answersWithinMs }, async (within) => {
    const look = async ({ name, local }: Subject): Promise<void> => {
      total += 1
      const id = await untilAnswered(() => registry.idOf(name, local.schema), { signal: within, log })
      if (id === undefined) missing.push(name)
    }
    for (const topic of Object.values<Topic>(topics)) await Promise.all(subjectsOf(topic, types).map(look))
  })
  return { total, missing: missing.toSorted() }
}

const answersWithinMs = 60_000
