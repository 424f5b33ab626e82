import { SignJWT } from 'jose'

/** The edges of the benchmarks check tokens with it. */
export const jwtSecret = 'a secret for benchmarks'

const key = new TextEncoder().encode(jwtSecret)

export const mintToken = (uid: string): Promise<string> =>
  new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject(uid).setExpirationTime('2h').sign(key)
