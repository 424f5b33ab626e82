// What the edge is measured against: uWebSockets.js with a topic for each room, and kafkajs' own consumer that publishes every
// record as it stands. No tokens, no state, no order among kinds, no bounds for the slow: the least that delivers at all.
import { Kafka, logLevel } from 'kafkajs'
import { App, us_socket_local_port, type TemplatedApp } from 'uWebSockets.js'
import { answerParent } from './child.ts'

export type BareApi = {
  /** Resolves with the port when the consumer has its partitions. */
  readonly start: (options: {
    readonly brokers: readonly string[]
    readonly topic: string
    readonly deflate: boolean
  }) => Promise<number>
}

/** The library's DISABLED and SHARED_COMPRESSOR, which its type declarations lack as values. */
const compressions = { off: 0, shared: 1 } as const

const maxKeptBytes = 16 * 1024 * 1024
const idleTimeoutSeconds = 120

const listen = (app: TemplatedApp): Promise<number> =>
  new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (socket) => {
      if (socket === false) reject(new Error('cannot listen'))
      else resolve(us_socket_local_port(socket))
    })
  })

const startServer = (deflate: boolean): TemplatedApp => {
  const app = App()
  app.ws('/v1/ws', {
    maxBackpressure: maxKeptBytes,
    idleTimeout: idleTimeoutSeconds,
    compression: deflate ? compressions.shared : compressions.off,
    message: (ws, message) => {
      // A decoding edge: its clients are those of the benchmarks.
      const { op, room = '' } = JSON.parse(Buffer.from(message).toString()) as { op: string; room?: string }
      if (op === 'connect') ws.send('{"op":"connected"}')
      if (op !== 'subscribe') return
      ws.subscribe(room)
      ws.send(JSON.stringify({ op: 'subscribed', room }))
    },
  })
  return app
}

answerParent<BareApi>({
  start: async ({ brokers, topic, deflate }) => {
    const app = startServer(deflate)
    const kafka = new Kafka({ brokers: [...brokers], clientId: 'bare-edge', logLevel: logLevel.NOTHING })
    const consumer = kafka.consumer({ groupId: `bare-edge-${process.pid}` })
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve())
    })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: false })
    await consumer.run({
      eachBatch: ({ batch: { messages } }) => {
        for (const { key, value } of messages) {
          if (key !== null && value !== null) app.publish(key.toString(), value, false, deflate)
        }
        return Promise.resolve()
      },
    })
    await joined
    return listen(app)
  },
})
