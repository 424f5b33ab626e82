/** What the video cloud reports to ingest, see domain.md's three callbacks; rooms are bare room ids. */
export type CloudCallback = StreamCallback | AvailabilityCallback | StatusCallback

/** A room's stream started, or broke. */
export type StreamCallback = {
  readonly kind: 'stream'
  readonly action: 'publish' | 'publish_done'
  readonly roomId: string
}

/** A room's stream can be the main stream of a mix from now on. */
export type AvailabilityCallback = { readonly kind: 'availability'; readonly roomId: string }

/** The content of a mix changed. */
export type StatusCallback = {
  readonly kind: 'status'
  /** Of the main stream. */
  readonly roomId: string
  readonly mixRoomId: string
  readonly mixType: string
  readonly mixTemplate: string
  readonly event: 'EventMix' | 'EventMixStop'
  readonly code: 'Success' | 'MainStreamNotExist' | 'MixStreamNotExist' | 'InternalError'
  /** For people; empty on success. */
  readonly message: string
}

/** What callbacks say of where the streams are. */
export type CallbackPlace = { readonly pushHost: string; readonly playHost: string; readonly app: string }

/** A callback as an HTTP GET: the path at ingest, the query, and the domain for which it is signed. */
export type CallbackRequest = {
  readonly path: string
  readonly domain: string
  readonly query: Readonly<Record<string, string>>
}

/** ingest takes no longer one; this one is for people anyway. */
const maxMessageLength = 1_000

/** The request of domain.md's "What comes in" for a callback about something that happened at `atMs` (epoch milliseconds). */
export const requestOf = (
  callback: CloudCallback,
  { pushHost, playHost, app }: CallbackPlace,
  atMs: number,
): CallbackRequest => {
  const time = String(Math.floor(atMs / 1_000))
  switch (callback.kind) {
    case 'stream':
      return {
        path: '/ali/stream/notify',
        domain: pushHost,
        query: { action: callback.action, id: callback.roomId, app: pushHost, appname: app, time },
      }
    case 'availability':
      return {
        path: '/ali/mix/availability/notify',
        domain: playHost,
        query: { Domain: playHost, App: app, Stream: callback.roomId, Event: 'MixAvailable', time },
      }
    case 'status':
      return {
        path: '/ali/mix/status/notify',
        domain: playHost,
        query: {
          MainMixDomain: playHost,
          MainMixApp: app,
          MainMixStream: callback.roomId,
          MixDomain: playHost,
          MixApp: app,
          MixStream: callback.mixRoomId,
          MixType: callback.mixType,
          MixTemplate: callback.mixTemplate,
          Event: callback.event,
          Code: callback.code,
          Message: callback.message.slice(0, maxMessageLength),
          time,
        },
      }
  }
}

const firstRetryMs = 100
const longestRetryMs = 5_000

/** How long to wait after that many attempts of a callback (1 or more): doubling from 0.1 s to 5 s. */
export const retryDelayMs = (attempts: number): number => Math.min(longestRetryMs, firstRetryMs * 2 ** (attempts - 1))
