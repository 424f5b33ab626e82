import type { ConnectionOptions } from 'node:tls'
import type { Log } from '../log.ts'

/** SASL credentials. */
export type Sasl = {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** How to reach a Kafka cluster. A value that connects nothing; each module opens its own connections from it. */
export type Kafka = {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl: ConnectionOptions | boolean
  readonly sasl: Sasl | null
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
  log,
}: {
  brokers: readonly string[]
  clientId: string
  ssl?: ConnectionOptions | boolean
  sasl?: Sasl | null
  log: Log
}): Kafka => ({ brokers, clientId, ssl, sasl, log })
