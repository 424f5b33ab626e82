import { callbackSignature } from '../../shared/callback-signature.ts'
import { withSignal } from '../../shared/with-signal.ts'
import type { CallbackRequest } from '../domain/callback.ts'

const timeoutMs = 2_000

/** One GET to ingest: undefined when it was answered 200, else why not. Never rejects. */
export type CallbackAttempt = (request: CallbackRequest, signal: AbortSignal) => Promise<string | undefined>

/** Signs each attempt afresh: MD5 of `domain|timestamp|key` in ALI-LIVE-SIGNATURE, the epoch seconds in ALI-LIVE-TIMESTAMP. */
export const createCallbackAttempt = ({
  ingestUrl,
  callbackKey,
}: {
  readonly ingestUrl: string
  /** Undefined: callbacks are not signed. */
  readonly callbackKey: string | undefined
}): CallbackAttempt => {
  const signature = (domain: string): Record<string, string> => {
    if (callbackKey === undefined) return {}
    const timestamp = String(Math.floor(Date.now() / 1_000))
    return { 'ALI-LIVE-TIMESTAMP': timestamp, 'ALI-LIVE-SIGNATURE': callbackSignature(domain, timestamp, callbackKey) }
  }
  return async ({ path, query, domain }, signal) => {
    try {
      return await withSignal({ signals: [signal], timeoutMs }, async (within) => {
        const response = await fetch(`${ingestUrl}${path}?${new URLSearchParams(query).toString()}`, {
          headers: signature(domain),
          redirect: 'error',
          signal: within,
        })
        await response.body?.cancel()
        return response.status === 200 ? undefined : `status ${response.status}`
      })
    } catch (error) {
      return reasonOf(error)
    }
  }
}

/** fetch hides what happened in the cause. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}
