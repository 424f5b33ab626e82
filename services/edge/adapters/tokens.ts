import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type CryptoKey,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose'
import { monotonicClock, type Clock } from '../../shared/clock.ts'
import { Fifo } from '../domain/fifo.ts'

/** What a token says of its bearer. */
export type Claims = {
  readonly uid: string
  /** The rooms that may be entered; null: any. */
  readonly rooms: ReadonlySet<string> | null
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** `unverifiable`: the keys could not be fetched, so nothing is known of the token. */
export type Verdict =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly why: 'invalid' | 'expired' | 'unverifiable' }

/** Checks a JWT; never rejects. */
export type VerifyToken = (token: string) => Promise<Verdict>

/** How published keys are kept; milliseconds. */
export type KeyRefresh = {
  /** Keys older than this are fetched anew beside their use. */
  readonly refreshAfterMs: number
  /** So long after a fetch, another is not begun: neither for a key that nobody knows, nor because the last one failed. */
  readonly cooldownMs: number
  readonly timeoutMs: number
}

const maxUidLength = 128
/** RFC 7515, section 3.1; decoders pass over blanks, which would let one token be written in many ways. */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/
/** Signatures are checked on the threads of the process, which file and name look-ups share: more at once gains nothing. */
const maxChecksAtOnce = 8
const invalid: Verdict = { ok: false, why: 'invalid' }
const defaultRefresh: KeyRefresh = { refreshAfterMs: 600_000, cooldownMs: 10_000, timeoutMs: 5_000 }

/**
 * Checks tokens by a shared secret (HS256; its UTF-8 bytes are the key), by a JWKS document (RS256, ES256), or either. The
 * algorithm alone decides which key is used, so that a public key never serves as a secret (RFC 8725, section 2.1).
 * `sub` (the uid, 1 to 128 characters) and `exp` must be there; `rooms` may be.
 */
export const createTokenVerifier = ({
  secret,
  jwksUrl,
  refresh = defaultRefresh,
  clock = monotonicClock,
}: {
  secret: string | undefined
  jwksUrl: string | undefined
  refresh?: KeyRefresh
  /** Monotonic. */
  clock?: Clock
}): VerifyToken => {
  const secretKey = secret === undefined ? undefined : importSecret(secret)
  const publishedKey = jwksUrl === undefined ? undefined : createPublishedKeys(jwksUrl, refresh, clock)
  const inTurn = createTurns(maxChecksAtOnce)

  /** The key is at hand before the check takes its turn: a slow key server holds up nobody whose key is known. */
  const check = (token: string, key: CryptoKey, algorithms: string[]): Promise<JWTPayload> =>
    inTurn(async () => (await jwtVerify(token, key, { algorithms, requiredClaims: ['sub', 'exp'] })).payload)

  const verify = async (token: string): Promise<JWTPayload | undefined> => {
    if (!compactForm.test(token)) return undefined
    const { alg, ...header } = decodeProtectedHeader(token)
    if (alg === 'HS256' && secretKey !== undefined) return check(token, await secretKey, ['HS256'])
    if ((alg === 'RS256' || alg === 'ES256') && publishedKey !== undefined) {
      return check(token, await publishedKey({ ...header, alg }), ['RS256', 'ES256'])
    }
    return undefined
  }

  return async (token) => {
    try {
      const payload = await verify(token)
      const claims = payload === undefined ? undefined : claimsOf(payload)
      return claims === undefined ? invalid : { ok: true, claims }
    } catch (error) {
      return { ok: false, why: whyNot(error) }
    }
  }
}

const importSecret = (secret: string): Promise<CryptoKey> => {
  const imported = crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  )
  // Whoever checks a token meets the failure; until then nobody has to.
  imported.catch(() => {})
  return imported
}

/** The keys could not be had. */
class KeysUnreachable extends Error {}

/**
 * Keys by the header of a token, from a JWKS document. Once fetched they serve until others come in their place: while the
 * document cannot be had, only bearers of a key that is not known yet are held up.
 */
const createPublishedKeys = (
  url: string,
  { refreshAfterMs, cooldownMs, timeoutMs }: KeyRefresh,
  clock: Clock,
): ((header: JWTHeaderParameters) => Promise<CryptoKey>) => {
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeoutMs,
    // When it is time for a fetch is decided here: the library fetches again and again while fetching fails.
    cacheMaxAge: Infinity,
    cooldownDuration: Infinity,
  })
  let fetchedAt = -Infinity
  let triedAt = -Infinity
  let trying: Promise<void> | undefined

  const fetchKeys = async (): Promise<void> => {
    triedAt = clock.now()
    try {
      await keys.reload()
      fetchedAt = clock.now()
    } catch (error) {
      throw new KeysUnreachable('the keys for tokens cannot be fetched', { cause: error })
    } finally {
      trying = undefined
    }
  }

  /** Joins a fetch that is under way. Rejects at once when one failed just now. */
  const refresh = (): Promise<void> => {
    if (trying === undefined && clock.now() - triedAt < cooldownMs) {
      return Promise.reject(new KeysUnreachable('the keys for tokens could not be fetched a moment ago'))
    }
    return (trying ??= fetchKeys())
  }

  return async (header) => {
    const hasFetched = fetchedAt !== -Infinity
    if (!hasFetched) await refresh()
    // A failure shows in the next round, or when a key is missing; the keys that are known are good until then.
    else if (clock.now() - fetchedAt >= refreshAfterMs) refresh().catch(() => {})
    try {
      return await keys(header)
    } catch (error) {
      const isJustFetched = clock.now() - fetchedAt < cooldownMs
      if (!(error instanceof errors.JWKSNoMatchingKey) || isJustFetched) throw error
      await refresh()
      return keys(header)
    }
  }
}

/** Lets so many run at once; others wait in their order. Each connection asks for one thing at a time, which bounds them. */
const createTurns = (maxAtOnce: number) => {
  const waiting = new Fifo<() => void>()
  let running = 0
  return async <T>(run: () => Promise<T>): Promise<T> => {
    // Who is woken takes over the place of who wakes.
    if (running < maxAtOnce) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await run()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}

const claimsOf = ({ sub, exp, rooms }: JWTPayload): Claims | undefined => {
  if (typeof sub !== 'string' || sub.length === 0 || sub.length > maxUidLength || exp === undefined) return undefined
  const limited = { uid: sub, expiresAt: exp * 1000 }
  if (rooms === undefined) return { ...limited, rooms: null }
  return isListOfStrings(rooms) ? { ...limited, rooms: new Set(rooms) } : undefined
}

const isListOfStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string')

const whyNot = (error: unknown): 'invalid' | 'expired' | 'unverifiable' => {
  if (error instanceof KeysUnreachable) return 'unverifiable'
  return error instanceof errors.JWTExpired ? 'expired' : 'invalid'
}
