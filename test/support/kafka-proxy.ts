import net from 'node:net'

/** Kafka's numbers of the requests that tests interfere with. */
export const api = { produce: 0, fetch: 1, metadata: 3, findCoordinator: 10, heartbeat: 12, endTxn: 26 } as const

/**
 * What to do with a request or an answer: pass it on, cut the connection instead, pass the first half of it and cut then,
 * or hold it back until `letGo`.
 */
export type Verdict = 'pass' | 'cut' | 'break' | 'hold'

export type KafkaProxy = {
  /** `host:port` of this proxy, which is also what the broker's answers say when they come through it. */
  readonly brokers: readonly string[]
  /** Judges each request before the broker gets it; `pass` unless set. */
  onRequest: (apiKey: number) => Verdict
  /** Judges each answer, which means that the broker has done what was asked; `pass` unless set. */
  onAnswer: (apiKey: number) => Verdict
  /** How much later each answer is passed on, in milliseconds: a broker that is slow. 0 unless set; the order of answers stays. */
  answersLateMs: number
  /** Passes on what has been held back so far, unjudged. */
  readonly letGo: () => void
  /** Cuts all connections and refuses new ones: the broker is away. */
  readonly goAway: () => Promise<void>
  readonly comeBack: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Calls back with each whole frame (a length of four bytes and so many more). */
const splitFrames = (onFrame: (frame: Buffer) => void): ((bytes: Buffer) => void) => {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 4 && rest.length >= rest.readInt32BE(0) + 4) {
      const end = rest.readInt32BE(0) + 4
      onFrame(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  }
}

/** Replaces the port wherever it follows a host (a length of two bytes and so many characters), as brokers are named in answers. */
const renameBroker = (frame: Buffer, { host, port }: { host: string; port: number }, newPort: number): Buffer => {
  const named = Buffer.alloc(2 + host.length + 4)
  named.writeInt16BE(host.length)
  named.write(host, 2)
  named.writeInt32BE(port, 2 + host.length)
  const renamed = Buffer.from(frame)
  for (let at = renamed.indexOf(named); at >= 0; at = renamed.indexOf(named, at + 1)) {
    renamed.writeInt32BE(newPort, at + 2 + host.length)
  }
  return renamed
}

const hostAndPort = (address: string): { host: string; port: number } => {
  const [host = '', port = ''] = address.split(':')
  return { host, port: Number(port) }
}

/** A proxy in front of a broker, for what goes wrong on the way: it understands where a message begins and what it is about. */
export const startKafkaProxy = async (brokers: readonly string[]): Promise<KafkaProxy> => {
  const target = hostAndPort(brokers[0] ?? '')
  const sockets = new Set<net.Socket>()
  const held: (() => void)[] = []
  let port = 0

  const server = net.createServer((client) => {
    const broker = net.connect(target)
    const asked = new Map<number, number>()
    const cut = (): void => {
      client.destroy()
      broker.destroy()
    }
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', cut)
      socket.on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    const late: { readonly dueAt: number; readonly pass: () => void }[] = []
    const passDue = (): void => {
      for (let [next] = late; next !== undefined; [next] = late) {
        const inMs = next.dueAt - performance.now()
        if (inMs > 0) return void setTimeout(passDue, Math.ceil(inMs))
        late.shift()
        next.pass()
      }
    }
    const passLate = (pass: () => void): void => {
      late.push({ dueAt: performance.now() + proxy.answersLateMs, pass })
      if (late.length === 1) passDue()
    }
    const judge = (verdict: Verdict, frame: Buffer, to: net.Socket): void => {
      if (verdict === 'pass') to.write(frame)
      if (verdict === 'hold') held.push(() => to.write(frame))
      if (verdict === 'cut') cut()
      if (verdict === 'break') to.end(frame.subarray(0, frame.length / 2), cut)
    }
    client.on(
      'data',
      splitFrames((frame) => {
        const apiKey = frame.readInt16BE(4)
        asked.set(frame.readInt32BE(8), apiKey)
        judge(proxy.onRequest(apiKey), frame, broker)
      }),
    )
    broker.on(
      'data',
      splitFrames((frame) => {
        const apiKey = asked.get(frame.readInt32BE(4)) ?? -1
        asked.delete(frame.readInt32BE(4))
        const namesBrokers = apiKey === api.metadata || apiKey === api.findCoordinator
        const answer = namesBrokers ? renameBroker(frame, target, port) : frame
        passLate(() => judge(proxy.onAnswer(apiKey), answer, client))
      }),
    )
  })

  const listen = (): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen()
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  port = address.port

  const goAway = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })

  const proxy: KafkaProxy = {
    brokers: [`127.0.0.1:${port}`],
    onRequest: () => 'pass',
    onAnswer: () => 'pass',
    answersLateMs: 0,
    letGo: () => {
      for (const pass of held.splice(0)) pass()
    },
    goAway,
    comeBack: listen,
    close: goAway,
  }
  return proxy
}
