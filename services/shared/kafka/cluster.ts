import net from 'node:net'
import tls from 'node:tls'
import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import type { Kafka, RequestObserver } from './client.ts'
import { readPassword, readTlsFiles, toKafkajsSasl } from './credentials.ts'
import { isBrokerError, protocolErrorType, toFault } from './faults.ts'
import { ClusterClass, createLogger, type Cluster, type LogEntry, type RequestEvent, type Retry } from './internals.ts'
import { abortable, backOff, linkedController } from '../waiting.ts'

/** A kafkajs cluster: metadata and one pool of connections. */
export type OpenCluster = {
  readonly cluster: Cluster
  readonly logger: unknown
  /** Cuts all connections: what waits for an answer rejects at once, and nothing can be sent any more. */
  readonly destroy: () => void
}

const connectionTimeoutMs = 3000
/** For an answer that the broker has no reason to delay. */
const requestTimeoutMs = 10_000
const keepAliveMs = 60_000
const metadataMaxAgeMs = 300_000

/** Few and short: the loops that really wait are ours, they have signals and deadlines. */
export const shortRetry: Retry = { initialRetryTime: 20, maxRetryTime: 200, retries: 2 }

/**
 * kafkajs logs errors that it goes on to retry as ERROR, by the hundred while a broker is away. Whatever matters is also thrown
 * to us and logged by whoever decides, so all of kafkajs speaks at debug. Named fields alone pass: never a payload.
 */
const createKafkajsLogger = (log: Log): unknown =>
  createLogger({
    level: 4, // INFO; kafkajs' DEBUG prints each request
    logCreator:
      () =>
      ({ namespace, log: { message, broker, error, retryCount, groupId } }: LogEntry) =>
        log.debug(
          {
            namespace,
            said: message,
            broker,
            retryCount,
            groupId,
            cause: typeof error === 'string' ? error : undefined,
          },
          'kafkajs says',
        ),
  })

/** What kafkajs emits goes to the observer; but fetches are observed by whoever knows how long they were to wait. */
const observe = (requests: RequestObserver, name: string, { apiName, sentAt, duration }: RequestEvent): void => {
  if (name === 'network.request' && apiName !== 'Fetch') requests.answered(apiName, duration / 1_000)
  else if (name === 'network.request_timeout') requests.timedOut(apiName, (Date.now() - sentAt) / 1_000)
}

/** A cluster of its own connections. Nothing is connected before it is used. */
export const openCluster = ({ kafka, retry = shortRetry }: { kafka: Kafka; retry?: Retry }): OpenCluster => {
  const sockets = new Set<net.Socket>()
  let destroyed = false
  const logger = createKafkajsLogger(kafka.log)
  const tlsOptions = () => (typeof kafka.ssl === 'boolean' ? {} : readTlsFiles(kafka.ssl))
  const cluster = new ClusterClass({
    logger,
    socketFactory: ({ host, port, ssl, onConnect }) => {
      if (destroyed) throw new Error('the connections are closed')
      // A login whose password cannot be read would leave the connection in the midst of its handshake.
      if (kafka.sasl !== null) readPassword(kafka.sasl)
      const servername = net.isIP(host) ? {} : { servername: host }
      const socket = ssl
        ? tls.connect({ host, port, ...servername, ...tlsOptions() }, onConnect)
        : net.connect({ host, port }, onConnect)
      socket.setNoDelay(true)
      socket.setKeepAlive(true, keepAliveMs)
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        // kafkajs says unref to its dead socket at every try to connect again, and each adds a listener for a connect that never comes.
        socket.unref = () => socket
      })
      return socket
    },
    brokers: kafka.brokers,
    clientId: kafka.clientId,
    ssl: kafka.ssl !== false,
    sasl: kafka.sasl === null ? null : toKafkajsSasl(kafka.sasl),
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    metadataMaxAge: metadataMaxAgeMs,
    retry,
    allowAutoTopicCreation: false,
    instrumentationEmitter: { emit: (name, event) => observe(kafka.requests, name, event) },
  })
  return {
    cluster,
    logger,
    destroy: () => {
      destroyed = true
      // A TypeError is what kafkajs' retry loops give up at; they would go on sleeping and trying otherwise.
      cluster.connectionPoolBuilder.build = async () => {
        throw new TypeError('the connections are closed')
      }
      // With an error, since kafkajs listens to `error` and `end`, not to `close`, to give up what waits for an answer.
      for (const socket of sockets) socket.destroy(new Error('the connections are closed'))
    },
  }
}

/** What the broker refuses of topics it does not call by name. */
const nameTopics = (fault: Fault, topics: readonly string[]): Fault => {
  if (!topicRefusals.has(protocolErrorType(fault) ?? '')) return fault
  const { code, message, cause, retriable } = fault
  return new Fault(code, `${topics.join(', ')}: ${message}`, { cause, retriable })
}

const topicRefusals = new Set(['TOPIC_AUTHORIZATION_FAILED', 'UNKNOWN_TOPIC_OR_PARTITION'])

/**
 * Does some work on a cluster opened for it, again after a retriable fault, until it succeeds.
 * @throws at the deadline the last Fault, or DEADLINE_PASSED when there was none; at once a fault that is not retriable, any error that is
 *   not the broker's, or the signal's reason
 */
export const withCluster = async <Result>(
  {
    kafka,
    topics = [],
    deadlineMs,
    signal: outer,
  }: { kafka: Kafka; topics?: readonly string[]; deadlineMs: number; signal?: AbortSignal | undefined },
  work: (open: OpenCluster) => Promise<Result>,
): Promise<Result> => {
  const { controller, release } = linkedController(outer)
  const { signal } = controller
  let last = new Fault('DEADLINE_PASSED', `not done within ${deadlineMs} ms`, { retriable: true })
  const timer = setTimeout(() => controller.abort(last), deadlineMs)
  try {
    for (let failures = 0; ; failures += 1) {
      const open = openCluster({ kafka })
      try {
        const attempt = async (): Promise<Result> => {
          await open.cluster.connect()
          await open.cluster.addMultipleTargetTopics(topics)
          return work(open)
        }
        return await abortable(attempt(), signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!isBrokerError(error)) throw error
        last = nameTopics(toFault(error), topics)
        if (!last.retriable) throw last
        kafka.log.debug(
          { topics, fault: last.code, cause: last.message, failures },
          'a request to Kafka is tried again',
        )
      } finally {
        open.destroy()
      }
      await backOff(failures, signal)
    }
  } finally {
    clearTimeout(timer)
    release()
  }
}
