import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import type { Kafka } from './client.ts'
import { openCluster, withCluster } from './cluster.ts'
import { protocolErrorType, toFault } from './faults.ts'
import type { Broker } from './internals.ts'
import {
  assignSticky,
  decodeAssignment,
  decodeClaim,
  encodeAssignments,
  encodeMetadata,
  stickyProtocol,
} from './sticky-assigner.ts'
import { abortable, backOff } from '../waiting.ts'

/** A member's share of a generation. */
export type Share = {
  readonly generation: number
  readonly partitions: readonly number[]
  /**
   * Whether this follows on the member's last share without a generation in between, in which others may have had, and
   * moved on, what is in both.
   */
  readonly isSequel: boolean
}

/** The coordinator wants another join; nothing is wrong. */
const rejoinTypes = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])
/** The member id is worth nothing any more. */
const strangerTypes = new Set(['UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])
/** What kafkajs calls not retriable although only the coordinator has moved or is loading. */
const coordinatorTypes = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
])

const leaveDeadlineMs = 1000

/**
 * A member of a consumer group, by the classic protocol (join, sync, heartbeat, leave), eagerly, with the sticky assigner.
 *
 * The requests are kafkajs', its Consumer is not used: that fetches, resets and commits offsets by itself, forgets positions at
 * each join, keeps the generation to itself, does not send heartbeats while a batch waits, and ends in a crash when the coordinator moves.
 * @param onJoined called synchronously with each new share
 * @param onRefused called once, with what makes every further try useless; the member is gone then
 */
export const joinGroup = ({
  kafka,
  groupId,
  topic,
  sessionTimeoutMs,
  heartbeatIntervalMs,
  onJoined,
  onRefused,
  log,
}: {
  kafka: Kafka
  groupId: string
  topic: string
  sessionTimeoutMs: number
  heartbeatIntervalMs: number
  onJoined: (share: Share) => void
  onRefused: (error: Fault) => void
  log: Log
}): { readonly close: () => Promise<void> } => {
  const controller = new AbortController()
  const { signal } = controller
  let open = openCluster({ kafka })
  let memberId = ''
  let share: Share = { generation: -1, partitions: [], isSequel: false }
  let joined = false
  /** Tries in a row that the coordinator has not answered. */
  let failures = 0

  const noteAnswer = (): void => {
    if (failures > 0) log.info({ groupId, memberId }, 'the group coordinator answers again')
    failures = 0
  }

  const findCoordinator = async (): Promise<Broker> => {
    const { cluster } = open
    await cluster.connect()
    await cluster.addMultipleTargetTopics([topic])
    return cluster.findGroupCoordinator({ groupId })
  }

  const join = async (coordinator: Broker): Promise<void> => {
    const { generationId, leaderId, members, ...group } = await coordinator.joinGroup({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      memberId,
      groupProtocols: [{ name: stickyProtocol, metadata: encodeMetadata(topic, share) }],
    })
    const isSequel = group.memberId === memberId && generationId === share.generation + 1
    memberId = group.memberId
    const groupAssignment = leaderId === memberId ? await assign(members) : []
    const answer = await coordinator.syncGroup({ groupId, generationId, memberId, groupAssignment })
    signal.throwIfAborted()
    share = { generation: generationId, partitions: decodeAssignment(topic, answer.memberAssignment), isSequel }
    joined = true
    noteAnswer()
    log.info({ groupId, memberId, ...share, members: members.length || undefined }, 'joined the group')
    onJoined(share)
  }

  const assign = async (members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]) => {
    await open.cluster.refreshMetadata()
    const claims = members.map((member) => decodeClaim(member.memberId, member.memberMetadata))
    return encodeAssignments(topic, assignSticky(claims, open.cluster.findTopicPartitionMetadata(topic).length))
  }

  const beat = async (coordinator: Broker): Promise<void> => {
    while (!signal.aborted) {
      await sleep(heartbeatIntervalMs, undefined, { signal })
      await coordinator.heartbeat({ groupId, groupGenerationId: share.generation, memberId })
      noteAnswer()
    }
  }

  /** One spell with one coordinator: joins if need be, then beats until something else is to be done. */
  const attend = async (): Promise<void> => {
    const coordinator = await findCoordinator()
    if (!joined) await join(coordinator)
    await beat(coordinator)
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await abortable(attend(), signal)
      } catch (error) {
        if (signal.aborted) return
        const type = protocolErrorType(error) ?? ''
        if (rejoinTypes.has(type)) {
          joined = false
          noteAnswer()
          if (strangerTypes.has(type)) memberId = ''
          log.info({ groupId, memberId, reason: type }, 'joining the group again')
          continue
        }
        const fault = toFault(error)
        if (!fault.retriable && !coordinatorTypes.has(type)) {
          onRefused(fault)
          return
        }
        // Still a member as far as we know: the coordinator, once found again, says so or not.
        const trouble = { groupId, fault: fault.code, cause: fault.message }
        if (failures === 0) log.warn(trouble, 'the group coordinator does not answer')
        else log.debug(trouble, 'the group coordinator still does not answer')
        open.destroy()
        open = openCluster({ kafka })
        await backOff(failures++, signal).catch(() => log.debug({ groupId }, 'member leaves while backing off'))
      }
    }
  }

  const leave = async (): Promise<void> => {
    if (memberId === '') return
    // Over a connection of its own: the other one may be waiting in a join, and a broker answers one request after the other.
    await withCluster({ kafka, topics: [topic], deadlineMs: leaveDeadlineMs }, async ({ cluster }) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId })
      await coordinator.leaveGroup({ groupId, memberId })
    })
  }

  const running = run()

  return {
    close: async () => {
      controller.abort(new Fault('DEADLINE_PASSED', 'the member leaves the group'))
      open.destroy()
      await running
      await leave().catch((error: unknown) => {
        log.info({ groupId, cause: toFault(error).message }, 'left the group without a word: its session will time out')
      })
    },
  }
}
