import type { FastifyRequest } from 'fastify'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { createRefusedCallbacks } from '../metrics.ts'
import { canonicalAddress, createAddressSet } from './http-addresses.ts'
import { createCallbackCheck, type NotLetIn } from './http-auth.ts'
import { headerOf } from './http-call.ts'

export type CallbackCheckSettings = {
  /** Addresses and ranges from which callbacks may come; undefined: any. */
  readonly callbackAllow: readonly string[] | undefined
  /** Undefined: callbacks need no signature. */
  readonly callbackKey: string | undefined
  /** Hosts for which the video cloud may have signed a callback. */
  readonly callbackDomains: readonly string[]
}

/** Whether a request is let in as a callback of the video cloud; `signedAt`: epoch ms, null: it needs no signature. */
export type CheckCallback = {
  (request: FastifyRequest, now: number): { readonly signedAt: number | null } | NotLetIn
  /** A caller has to prove something. */
  readonly isOn: boolean
}

const warnEveryMs = 60_000
/** An address that a proxy passes on may be any text. */
const longestShown = 64

/**
 * Address first, signature second; what is refused is counted by reason. The address shows up in the log, once a minute, and in no
 * label: an operator has to learn of a new address of the cloud, and whoever floods us has many.
 */
export const createCheckCallback = ({
  settings,
  metrics,
  log,
}: {
  settings: CallbackCheckSettings
  metrics: Metrics
  log: Log
}): CheckCallback => {
  const { callbackAllow, callbackKey, callbackDomains } = settings
  const allowed = callbackAllow && createAddressSet(callbackAllow)
  const checkSignature =
    callbackKey === undefined ? undefined : createCallbackCheck({ key: callbackKey, domains: callbackDomains })
  const refused = createRefusedCallbacks(metrics)
  let warnedAt = -Infinity

  const check = ({ ip, headers }: FastifyRequest, now: number): { signedAt: number | null } | NotLetIn => {
    if (allowed?.has(ip) === false) {
      refused.inc({ reason: 'address' })
      if (now - warnedAt >= warnEveryMs) {
        warnedAt = now
        const address = canonicalAddress(String(ip)).slice(0, longestShown)
        log.warn({ address }, 'a callback came from an address that ALI_CALLBACK_ALLOW does not have')
      }
      return { status: 403, message: 'callbacks are not taken from this address' }
    }
    if (checkSignature === undefined) return { signedAt: null }
    const { 'ali-live-signature': signature, 'ali-live-timestamp': timestamp } = headers
    const checked = checkSignature(headerOf(signature), headerOf(timestamp), now)
    if ('reason' in checked) refused.inc({ reason: checked.reason })
    return checked
  }
  return Object.assign(check, { isOn: allowed !== undefined || checkSignature !== undefined })
}
