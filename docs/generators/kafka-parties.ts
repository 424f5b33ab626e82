import { everybody, permissions, type Permission, type Who } from '../../deploy/kafka/acl-table.ts'
import { topics, type Topic } from '../../schemas/topics.ts'
import type { RecordName } from '../../schemas/types.generated.ts'
import { inputEventTypes } from '../../services/ingest/domain/records.ts'

// Who writes and reads what, from the rights that everybody has at a secured cluster.

/** Whoever takes part in what is written and read. */
export const parties: readonly Who[] = everybody.filter((who) => who !== 'setup')

/** Several write the log of inputs, each its own records. */
const inputsBy: Readonly<Partial<Record<Who, readonly RecordName[]>>> = {
  ingest: inputEventTypes,
  'state-machine': ['TimerFired', 'ClockRead', 'PeerMessage'],
  mixer: ['MixCommandAnswered'],
  upstream: inputEventTypes.filter((type) => type !== 'ProbeSent'),
  'dead-letters': topics.roomInput.records,
}

const findPermission = (who: Who, operation: Permission['operation'], name: string): Permission | undefined =>
  permissions[who].find(
    (each: Permission) => each.resource === 'topic' && each.operation === operation && each.name === name,
  )

/** Why somebody writes a topic, and which of its records; undefined: he does not. */
export const writingOf = (
  who: Who,
  topic: Topic,
): { readonly why: string; readonly records: readonly RecordName[] } | undefined => {
  const permission = findPermission(who, 'Write', topic.name)
  if (permission === undefined) return undefined
  const written: readonly RecordName[] = topic.name === topics.roomInput.name ? (inputsBy[who] ?? []) : topic.records
  return { why: permission.why, records: topic.records.filter((record) => written.includes(record)) }
}

/** Why somebody reads a topic; undefined: he does not. */
export const readingOf = (who: Who, topic: Topic): { readonly why: string } | undefined =>
  findPermission(who, 'Read', topic.name)

/** The consumer group that somebody joins for the topic that it is called after; undefined: he reads without one. */
export const groupOf = (who: Who): string | undefined =>
  permissions[who].find(({ resource }: Permission) => resource === 'group')?.name
