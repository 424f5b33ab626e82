import type { Log } from '../log.ts'

/** PEM files for TLS. They are read for each new connection, so that renewed ones need no restart. */
export type TlsFiles = {
  /** The authorities that are trusted, and no others; undefined: those of Node.js. */
  readonly caFile?: string | undefined
  /** A certificate of our own, for brokers that ask for one, and its key; both or none. */
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
}

/** SASL credentials. A password file is read for each login, without the line end at its end. */
export type Sasl = {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
} & ({ readonly password: string } | { readonly passwordFile: string })

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
  /** True: TLS with the authorities of Node.js. */
  readonly ssl: TlsFiles | boolean
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
  ssl?: TlsFiles | boolean
  sasl?: Sasl | null
  requests?: RequestObserver
  log: Log
}): Kafka => ({ brokers, clientId, ssl, sasl, requests, log })
