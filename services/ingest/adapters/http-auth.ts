import { createHash, timingSafeEqual } from 'node:crypto'
import { callbackSignature } from '../../shared/callback-signature.ts'

/** Why somebody is not let in: 401 shows nothing, 403 shows what is wrong or stale. */
export type NotLetIn = { readonly status: 401 | 403; readonly message: string }

const sha256 = (value: string): Buffer => createHash('sha256').update(value).digest()

/** Compares in a time that tells nothing of where the two differ, nor of their lengths. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(sha256(one), sha256(other))

/** Checks `Authorization: Bearer <api key>` (RFC 6750, section 2.1); gives the key, or why not. */
export const createApiKeyCheck = (apiKeys: readonly string[]) => {
  const digests = apiKeys.map(sha256)
  return (authorization: string | undefined): { readonly credential: string } | NotLetIn => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
    if (given === undefined) return { status: 401, message: 'send Authorization: Bearer <api key>' }
    const digest = sha256(given)
    // every key is compared, so that the time does not tell which one was near
    const matches = digests.filter((known) => timingSafeEqual(known, digest))
    return matches.length > 0 ? { credential: given } : { status: 403, message: 'this API key is not known' }
  }
}

/** How far a callback's timestamp may be from our clock. */
const callbackWindowMs = 5 * 60_000

/** Why a callback is not taken for the video cloud's, in a word that a metric may have as its label. */
export type CallbackRefusal = NotLetIn & { readonly reason: 'unsigned' | 'stale' | 'forged' }

/**
 * Checks the signature of a callback: ALI-LIVE-SIGNATURE is the MD5 of `domain|timestamp|key`, in hex digits of either case; the
 * timestamp (epoch seconds) is in ALI-LIVE-TIMESTAMP, and at most 5 minutes from our clock; the domain is one of `domains`. Gives when
 * it was signed (epoch ms), or why it is refused. The query is not covered: whoever saw a signature can say anything with it
 * for as long as it is fresh.
 */
export const createCallbackCheck = ({ key, domains }: { key: string; domains: readonly string[] }) => {
  return (
    signature: string | undefined,
    timestamp: string | undefined,
    now: number,
  ): { readonly signedAt: number } | CallbackRefusal => {
    if (!signature || !timestamp) {
      return {
        status: 401,
        reason: 'unsigned',
        message: 'the callback is not signed: ALI-LIVE-SIGNATURE and ALI-LIVE-TIMESTAMP are expected',
      }
    }
    const signedAt = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : Number.NaN
    const isFresh = Math.abs(now - signedAt) <= callbackWindowMs
    if (!isFresh) return { status: 403, reason: 'stale', message: 'ALI-LIVE-TIMESTAMP is not within 5 minutes' }
    const expected = domains.map((domain) => callbackSignature(domain, timestamp, key))
    const matches = expected.filter((digest) => isSame(digest, signature.toLowerCase()))
    return matches.length > 0 ? { signedAt } : { status: 403, reason: 'forged', message: 'ALI-LIVE-SIGNATURE is wrong' }
  }
}
