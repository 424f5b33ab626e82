import { timingSafeEqual } from 'node:crypto'
import { pushDigest } from '../shared/media.ts'

const form = /^(\d{1,12})-0-0-([0-9a-f]{32})$/i

/**
 * Checks the `auth_key` of a push address: `T-0-0-M`, with M = MD5 of `/APP/ROOM-T-0-0-KEY`; it is good until T (epoch seconds). It is
 * what ingest puts into `rtmpUrl`, see domain.md, "Addresses". Compares in a time that does not tell how much is right.
 */
export const createPushKeyCheck =
  ({ app, key }: { readonly app: string; readonly key: string }) =>
  ({
    roomId,
    authKey,
    nowMs,
  }: {
    readonly roomId: string
    readonly authKey: string | undefined
    /** Epoch milliseconds. */
    readonly nowMs: number
  }): boolean => {
    const [, expires, digest] = form.exec(authKey ?? '') ?? []
    if (expires === undefined || digest === undefined) return false
    const expected = Buffer.from(pushDigest({ app, room: roomId, expires, key }), 'hex')
    return timingSafeEqual(expected, Buffer.from(digest, 'hex')) && nowMs <= Number(expires) * 1_000
  }
