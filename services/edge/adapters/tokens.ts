import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'

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

const maxUidLength = 128
const invalid: Verdict = { ok: false, why: 'invalid' }

/**
 * Checks tokens by a shared secret (HS256; its UTF-8 bytes are the key), by a JWKS document (RS256, ES256), or either. The
 * algorithm alone decides which key is used, so that a public key never serves as a secret (RFC 8725, section 2.1).
 * `sub` (the uid, 1 to 128 characters) and `exp` must be there; `rooms` may be.
 */
export const createTokenVerifier = ({
  secret,
  jwksUrl,
}: {
  secret: string | undefined
  jwksUrl: string | undefined
}): VerifyToken => {
  const secretKey = secret === undefined ? undefined : new TextEncoder().encode(secret)
  const publicKeys = jwksUrl === undefined ? undefined : createRemoteJWKSet(new URL(jwksUrl))
  const requiredClaims = ['sub', 'exp']

  const verify = async (token: string): Promise<JWTPayload | undefined> => {
    const { alg } = decodeProtectedHeader(token)
    if (alg === 'HS256' && secretKey !== undefined) {
      return (await jwtVerify(token, secretKey, { algorithms: ['HS256'], requiredClaims })).payload
    }
    if ((alg === 'RS256' || alg === 'ES256') && publicKeys !== undefined) {
      return (await jwtVerify(token, publicKeys, { algorithms: ['RS256', 'ES256'], requiredClaims })).payload
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

const claimsOf = ({ sub, exp, rooms }: JWTPayload): Claims | undefined => {
  if (typeof sub !== 'string' || sub.length === 0 || sub.length > maxUidLength || exp === undefined) return undefined
  const limited = { uid: sub, expiresAt: exp * 1000 }
  if (rooms === undefined) return { ...limited, rooms: null }
  return isListOfStrings(rooms) ? { ...limited, rooms: new Set(rooms) } : undefined
}

const isListOfStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string')

/** jose throws a plain JOSEError or a TypeError (of fetch, or of a malformed header) where it has no class of its own. */
const whyNot = (error: unknown): 'invalid' | 'expired' | 'unverifiable' => {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return 'unverifiable'
  if (error instanceof errors.JOSEError) return error.code === 'ERR_JOSE_GENERIC' ? 'unverifiable' : 'invalid'
  return error instanceof TypeError && error.message === 'fetch failed' ? 'unverifiable' : 'invalid'
}
