import type { CancelTimer, Environment } from './environment.ts'
import { expiryOf, renewInMs } from './token.ts'

/** Gets a new token before one runs out. */
export type Renewal = {
  /** This one is in use now. */
  readonly begin: (token: string) => void
  readonly stop: () => void
}

export const createRenewal = (
  { setTimer, nowMs }: Pick<Environment, 'setTimer' | 'nowMs'>,
  {
    getToken,
    onToken,
    onFailure,
  }: {
    readonly getToken: () => Promise<string>
    readonly onToken: (token: string) => void
    readonly onFailure: (error: unknown) => void
  },
): Renewal => {
  let current: string | null = null
  let cancel: CancelTimer | null = null

  const begin = (token: string): void => {
    cancel?.()
    current = token
    const endsAt = expiryOf(token)
    const inMs = endsAt === undefined ? undefined : renewInMs(endsAt - nowMs())
    if (inMs !== undefined) cancel = setTimer(() => renew(token), inMs)
  }
  const renew = (old: string): void => {
    getToken().then(
      (token) => {
        if (current === old) onToken(token)
      },
      (error: unknown) => {
        if (current !== old) return
        onFailure(error)
        begin(old)
      },
    )
  }

  return {
    begin,
    stop: () => {
      current = null
      cancel?.()
    },
  }
}
