import { createHmac } from 'node:crypto'

// Alibaba Cloud's signature of RPC requests, version 1.0, written from its published rules and from nothing else: it judges
// the requests of a client library, so it shares no code with it.

const unreserved = /[A-Za-z0-9\-_.~]/

/** Each byte of the UTF-8 form that is not unreserved (RFC 3986) becomes `%` and two upper-case hex digits. */
const percentEncode = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return byte < 0x80 && unreserved.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')

const byBytes = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'))

/** What is signed: the method, the path `/`, and all parameters but the signature, encoded, sorted by name, encoded again. */
export const stringToSign = (method: string, parameters: Readonly<Record<string, string>>): string => {
  const canonical = Object.entries(parameters)
    .filter(([name]) => name !== 'Signature')
    .toSorted(byBytes)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&')
  return [method, percentEncode('/'), percentEncode(canonical)].join('&')
}

/** The value of the parameter `Signature`: base64 of HMAC-SHA1, the key is the secret with a `&` behind it. */
export const rpcSignature = (method: string, parameters: Readonly<Record<string, string>>, secret: string): string =>
  createHmac('sha1', `${secret}&`).update(stringToSign(method, parameters), 'utf8').digest('base64')

export type RpcRefusal = { readonly status: number; readonly code: string; readonly message: string }

/** Parameters that every signed request has, and the values that are the only ones. */
const required: Readonly<Record<string, string | undefined>> = {
  Action: undefined,
  AccessKeyId: undefined,
  Signature: undefined,
  SignatureNonce: undefined,
  Timestamp: undefined,
  Format: 'JSON',
  SignatureMethod: 'HMAC-SHA1',
  SignatureVersion: '1.0',
}

const maxSkewMs = 15 * 60_000

export type RpcCredentials = {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** Required of every request when given. */
  readonly securityToken?: string
}

/** Checks the requests of one account, in the order of the cloud: parameters, key, clock, signature, repetition. */
export const createRpcGuard = ({ accessKeyId, accessKeySecret, securityToken }: RpcCredentials, version: string) => {
  const nonces = new Set<string>()
  /** Why the request is refused; undefined: it is good. */
  return (method: string, parameters: Readonly<Record<string, string>>, nowMs: number): RpcRefusal | undefined => {
    for (const [name, only] of Object.entries(required)) {
      const value = parameters[name]
      if (value === undefined || value === '' || (only !== undefined && value !== only))
        return {
          status: 400,
          code: 'IncompleteSignature',
          message: `The parameter ${name} is missing or not supported.`,
        }
    }
    if (parameters['Version'] !== version)
      return { status: 400, code: 'InvalidVersion', message: 'Specified parameter Version is not valid.' }
    if (parameters['AccessKeyId'] !== accessKeyId)
      return { status: 404, code: 'InvalidAccessKeyId.NotFound', message: 'Specified access key is not found.' }
    if (parameters['SecurityToken'] !== securityToken)
      return {
        status: 400,
        code: 'InvalidSecurityToken.MismatchWithAccessKey',
        message: 'The token is of another key.',
      }
    const timestamp = parameters['Timestamp'] ?? ''
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp) || Number.isNaN(Date.parse(timestamp)))
      return { status: 400, code: 'InvalidTimeStamp.Format', message: 'Specified time stamp is not well formatted.' }
    if (Math.abs(Date.parse(timestamp) - nowMs) > maxSkewMs)
      return { status: 400, code: 'InvalidTimeStamp.Expired', message: 'Specified time stamp is expired.' }
    if (parameters['Signature'] !== rpcSignature(method, parameters, accessKeySecret))
      return {
        status: 400,
        code: 'SignatureDoesNotMatch',
        // As the cloud does: it shows what it signed, with all that the client sent.
        message: `Specified signature is not matched with our calculation. server string to sign is:${stringToSign(method, parameters)}`,
      }
    const nonce = parameters['SignatureNonce'] ?? ''
    if (nonces.has(nonce))
      return { status: 400, code: 'SignatureNonceUsed', message: 'Specified signature nonce was used already.' }
    nonces.add(nonce)
    return undefined
  }
}
