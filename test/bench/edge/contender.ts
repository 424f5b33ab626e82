import { join } from 'node:path'
import { createTopics } from '../../../services/shared/kafka/admin.ts'
import type { OutgoingMessage } from '../../../services/shared/kafka/message.ts'
import { readMetrics } from '../../support/read-metrics.ts'
import { partitions, type Stage } from '../stage.ts'
import type { BareApi } from './bare-edge.ts'
import { startChild } from './child.ts'
import { commentMessage, lineMessage } from './messages.ts'
import { jwtSecret } from './token.ts'

/** A server that runs, and how to talk to it. */
export type Server = {
  readonly pid: number
  readonly port: number
  /** A comment that it delivers to a room; `lineBytes` is what a client gets of it. */
  readonly comment: (roomId: string, lineBytes: number) => OutgoingMessage
  /** Its own figures, as Prometheus would read them; empty for one that keeps none. */
  readonly metrics: () => Promise<string>
  /** What it has written to its log so far. */
  readonly readLog: () => Promise<string>
  readonly stop: () => Promise<void>
}

/** One of those that are measured side by side. */
export type Contender = {
  /** Begins the names of its figures. */
  readonly name: string
  /** How its clients tell that they have read. */
  readonly acks: boolean
  /** Whether its clients offer permessage-deflate. */
  readonly deflate: boolean
  readonly start: (stage: Stage) => Promise<Server>
}

const preload = ['--import', join(import.meta.dirname, 'collect-garbage.ts')] as const
const bareTopic = 'bench.lines.v1'
const topicWithinMs = 30_000

/** uWebSockets.js alone, fed with JSON. */
export const bare = ({ deflate = false }: { readonly deflate?: boolean } = {}): Contender => ({
  name: deflate ? 'bareDeflate' : 'bare',
  acks: false,
  deflate,
  start: async ({ kafka }) => {
    const topic = { name: bareTopic, partitions, replication: 1, config: {} }
    await createTopics({ kafka, topics: [topic], signal: AbortSignal.timeout(topicWithinMs) })
    const child = await startChild<BareApi>(join(import.meta.dirname, 'bare-edge.ts'), { execArgv: preload })
    try {
      const port = await child.ask('start', { brokers: kafka.brokers, topic: bareTopic, deflate })
      let pos = 0
      return {
        pid: child.pid,
        port,
        comment: (roomId, lineBytes) => lineMessage(bareTopic, { roomId, pos: pos++, lineBytes }),
        metrics: () => Promise.resolve(''),
        readLog: () => Promise.resolve(''),
        stop: child.stop,
      }
    } catch (error) {
      await child.stop()
      throw error
    }
  },
})

let started = 0

/** The edge itself, a process as in production, fed with Avro. */
export const edge = ({
  name = 'edge',
  acks = false,
  deflate = false,
  env = {},
}: {
  readonly name?: string
  readonly acks?: boolean
  readonly deflate?: boolean
  readonly env?: Readonly<Record<string, string>>
} = {}): Contender => ({
  name,
  acks,
  deflate,
  start: async (stage) => {
    const port = await stage.choosePort()
    started += 1
    const service = await stage.createService('edge', `edge-${started}`, {
      EDGE_PORT: String(port),
      EDGE_JWT_SECRET: jwtSecret,
      NODE_OPTIONS: [process.env['NODE_OPTIONS'] ?? '', ...preload].join(' ').trim(),
      ...env,
    })
    await service.start()
    try {
      await service.ready()
      return {
        pid: await service.pid(),
        port,
        comment: (roomId, lineBytes) => commentMessage(stage, roomId, lineBytes),
        metrics: () => readMetrics(service.adminUrl),
        readLog: service.readLog,
        stop: service.stop,
      }
    } catch (error) {
      await service.stop()
      throw error
    }
  },
})
