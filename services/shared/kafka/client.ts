import type { ConnectionOptions } from 'node:tls'
import type { Log } from '../log.ts'

/** SASL credentials. */
export type Sasl = {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** Hears of requests to brokers; `api` is the protocol's name, such as `Produce`. */
export type RequestObserver = {
  /** `seconds`: from the request on the socket to its answer; of a Fetch what that took beyond the wait that the broker was allowed. */
  readonly answered: (api: string, seconds: number) => void
  /** There was no answer for so long, and it is not waited for any more. */
  readonly timedOut: (api: string, seconds: number) => void
}

const nobody: RequestObserver = { answered: () => {}, timedOut: () => {} }

/** How to reach a Kafka cluster. A value that connects nothing; each module opens its own connections from it. */
export type Kafka = {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl: ConnectionOptions | boolean
  readonly sasl: Sasl | null
  readonly requests: RequestObserver
  readonly log: Log
}

/**
 * Describes a Kafka cluster to the modules of this folder.
 * @param brokers `host:port` of one broker or more to start from
 */
export const createKafka = ({
  brokers,
  clientId,
  ssl = false,
  sasl = null,
  requests = nobody,
  log,
}: {
  brokers: readonly string[]
  clientId: string
  ssl?: ConnectionOptions | boolean
  sasl?: Sasl | null
  requests?: RequestObserver
  log: Log
}): Kafka => ({ brokers, clientId, ssl, sasl, requests, log })
