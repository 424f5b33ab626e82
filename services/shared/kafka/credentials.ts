import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { Fault } from '../fault.ts'
import type { Sasl, TlsFiles } from './client.ts'

/** Retriable, because a file that is being replaced may be away or half written for a moment. */
const unusable = (key: string, why: string, cause?: unknown): Fault =>
  new Fault('BROKER_UNREACHABLE', `${key} cannot be used: ${why}`, { cause, retriable: true })

// Synchronous: the files are small and local, and it is wanted at places that kafkajs gives no time.
const read = (key: string, path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unusable(key, error instanceof Error ? error.message : 'it cannot be read', error)
  }
}

/** Node.js passes over a file without any PEM in it silently, and the peer is not believed later. */
const readPem = (key: string, path: string | undefined, what: 'CERTIFICATE' | 'PRIVATE KEY'): string | undefined => {
  if (path === undefined) return undefined
  const text = read(key, path)
  if (!text.includes(`${what}-----`)) throw unusable(key, `no ${what.toLowerCase()} in ${path}`)
  return text
}

/** What TLS needs of its files, as they are now. @throws Fault BROKER_UNREACHABLE that names the key of a file that is unusable */
export const readTlsFiles = ({ caFile, certFile, keyFile }: TlsFiles): ConnectionOptions => {
  const ca = readPem('KAFKA_SSL_CA_FILE', caFile, 'CERTIFICATE')
  const cert = readPem('KAFKA_SSL_CERT_FILE', certFile, 'CERTIFICATE')
  const key = readPem('KAFKA_SSL_KEY_FILE', keyFile, 'PRIVATE KEY')
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

/** The password as it is now. @throws Fault BROKER_UNREACHABLE that names the key when its file is unusable */
export const readPassword = (sasl: Sasl): string =>
  'password' in sasl ? sasl.password : read('KAFKA_SASL_PASSWORD_FILE', sasl.passwordFile).replace(/\r?\n$/, '')

/** Credentials as kafkajs takes them: its authenticators ask for `password` at each login. */
export const toKafkajsSasl = (sasl: Sasl): object => ({
  mechanism: sasl.mechanism,
  username: sasl.username,
  get password() {
    return readPassword(sasl)
  },
})
