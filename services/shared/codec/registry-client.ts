import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import avro from 'avsc'
import { Fault } from '../fault.ts'
import type { Log } from '../log.ts'
import { pause } from '../waiting.ts'
import { withSignal } from '../with-signal.ts'
import { typeHook } from './avro.ts'
import { registryAdvice } from './registry-advice.ts'

/** The few things we ask of a registry. Each rejects with REGISTRY_UNREACHABLE when there is no answer of a registry. */
export type RegistryClient = {
  /** The type of the schema with this id. RECORD_UNREADABLE when it is not Avro, or, because of SCHEMA_NOT_REGISTERED, when there is none. */
  readonly typeById: (id: number) => Promise<avro.Type>
  /** The id of exactly this schema under the subject; undefined when it is not registered there. */
  readonly idOf: (subject: string, schema: object) => Promise<number | undefined>
  /** Sets the subject to FULL_TRANSITIVE and registers the schema. SCHEMA_INCOMPATIBLE when the registry refuses it. */
  readonly register: (subject: string, schema: object) => Promise<number>
  /** Whether it answers a small question as a registry does; false when the signal aborts before. Never rejects. */
  readonly isReachable: (signal: AbortSignal) => Promise<boolean>
}

const clientId = 'roomcast'
/** How the client begins its message when the answer was not the registry's own JSON. */
const noWordOfRegistry = `${clientId} - Error, status `

const unreachable = (what: string, cause?: unknown): Fault =>
  new Fault('REGISTRY_UNREACHABLE', `the schema registry ${what}${registryAdvice(what, cause)}`, {
    cause,
    retriable: true,
  })

/** The client's error for an answer that is not 2xx; its class is not exported. */
type Refusal = Error & { readonly status: number }
const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && 'status' in error && typeof error.status === 'number'

/** No answer, or none of a registry that works; the client reports a refused connection as status 400. */
const isOutage = ({ status, message }: Refusal): boolean =>
  message.startsWith(noWordOfRegistry) || status >= 500 || [401, 403, 408, 429].includes(status)

// The client's own type of a middleware; the library that declares it is not ours to import.
type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number]

/** Gives each request a deadline, which the client lacks, and turns outages into REGISTRY_UNREACHABLE. */
const outageMiddleware =
  (timeoutMs: number): Middleware =>
  () => ({
    // An idle socket is closed then; the deadline below also holds for a registry that sends a byte now and then.
    prepareRequest: async (next) => (await next()).enhance({ timeout: timeoutMs }),
    response: async (next) => {
      const answer = await withDeadline(next(), timeoutMs).catch((error: unknown) => {
        throw isRefusal(error) && isOutage(error) ? unreachable(`does not answer: ${error.message}`, error) : error
      })
      const data: unknown = answer.data()
      if (typeof data !== 'object' || data === null) throw unreachable('answered something else than JSON')
      return answer
    },
  })

const withDeadline = async <T>(promise: Promise<T>, timeoutMs: number): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unreachable(`did not answer in ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A registry client over the Confluent API; user and password may stand in the URL. */
export const createRegistryClient = ({
  registryUrl,
  timeoutMs,
}: {
  registryUrl: string
  timeoutMs: number
}): RegistryClient => {
  const { host, auth } = splitCredentials(registryUrl)
  const registry = new SchemaRegistry(
    {
      host,
      clientId,
      retry: { retries: 0 }, // whoever waits retries, with a signal; the client would retry GETs alone
      middlewares: [outageMiddleware(timeoutMs)],
      ...(auth === undefined ? {} : { auth }),
    },
    { [SchemaType.AVRO]: { typeHook } },
  )

  const setCompatibility = async (subject: string): Promise<void> => {
    // Apicurio answers with its global level for a subject that has none, and the client refuses to register then.
    let answer: Response
    try {
      answer = await fetch(`${host}/config/${encodeURIComponent(subject)}`, {
        method: 'PUT',
        body: JSON.stringify({ compatibility: 'FULL_TRANSITIVE' }),
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json', ...basic(auth) },
        signal: AbortSignal.timeout(timeoutMs),
      })
      await answer.arrayBuffer()
    } catch (error) {
      throw unreachable('does not answer', error)
    }
    if (!answer.ok) throw unreachable(`does not take the compatibility of ${subject}: status ${answer.status}`)
  }

  const isReachable = async (signal: AbortSignal): Promise<boolean> => {
    try {
      return await withSignal({ signals: [signal], timeoutMs }, async (within) => {
        const answer = await fetch(`${host}/schemas/types`, { headers: basic(auth), signal: within })
        const types: unknown = await answer.json()
        return answer.ok && Array.isArray(types)
      })
    } catch {
      return false // no answer, or none of a registry: that is what was asked
    }
  }

  return {
    isReachable,
    typeById: async (id) => {
      try {
        const type = await registry.getSchema(id)
        if (type instanceof avro.Type) return type
        throw new Fault('RECORD_UNREADABLE', `schema ${id} is not Avro`)
      } catch (error) {
        if (error instanceof Fault) throw error
        if (!isRefusal(error)) throw new Fault('RECORD_UNREADABLE', `schema ${id} is not valid Avro`, { cause: error })
        if (error.status !== 404) throw unreachable(`refuses schema ${id}: ${error.message}`, error)
        const none = new Fault('SCHEMA_NOT_REGISTERED', `the schema registry has no schema ${id}`, { cause: error })
        throw new Fault('RECORD_UNREADABLE', none.message, { cause: none })
      } finally {
        registry.cache.clear() // it is never emptied; what we keep is bounded, and kept by the codec
      }
    },
    idOf: async (subject, schema) => {
      try {
        return await registry.getRegistryIdBySchema(subject, confluent(schema))
      } catch (error) {
        if (error instanceof Fault) throw error
        if (isRefusal(error)) throw unreachable(`refuses to look up ${subject}: ${error.message}`, error)
        return undefined // the client's error for 404, without a status
      }
    },
    register: async (subject, schema) => {
      await setCompatibility(subject)
      try {
        const { id } = await registry.register(confluent(schema), {
          subject,
          compatibility: COMPATIBILITY.FULL_TRANSITIVE,
        })
        return id
      } catch (error) {
        if (error instanceof Fault || !isRefusal(error)) throw error
        if (error.status !== 409 && error.status !== 422)
          throw unreachable(`refuses to register ${subject}: ${error.message}`, error)
        throw new Fault('SCHEMA_INCOMPATIBLE', `${subject}: ${error.message}`, { cause: error })
      } finally {
        registry.cache.clear()
      }
    },
  }
}

const confluent = (schema: object) => ({ type: SchemaType.AVRO as const, schema: JSON.stringify(schema) })

type Credentials = { readonly username: string; readonly password: string }

const splitCredentials = (registryUrl: string): { host: string; auth: Credentials | undefined } => {
  const url = new URL(registryUrl)
  const auth =
    url.username === ''
      ? undefined
      : { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  url.username = ''
  url.password = ''
  return { host: url.href.replace(/\/$/, ''), auth }
}

const basic = (auth: Credentials | undefined): Record<string, string> =>
  auth === undefined
    ? {}
    : { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` }

/**
 * Repeats an attempt that fails with a retriable fault, after 0.1 s at first and 2 s at last, until the signal aborts:
 * then rejects with the last fault.
 */
export const untilAnswered = async <T>(
  attempt: () => Promise<T>,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<T> => {
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    try {
      if (signal.aborted) throw unreachable('was not asked: the wait for it was given up')
      return await attempt()
    } catch (error) {
      if (!(error instanceof Fault) || !error.retriable || signal.aborted) throw error
      log.warn({ code: error.code, reason: error.message, retryInMs: waitMs }, 'schema registry away, trying again')
      await pause(waitMs, signal)
      if (signal.aborted) throw error
    }
  }
}
