import { createHash } from 'node:crypto'

export type MediaSettings = {
  readonly pushHost: string
  readonly playHost: string
  /** The host of RTMP play addresses, where it is another one than `playHost`. */
  readonly rtmpPlayHost?: string | undefined
  readonly app: string
  /** Key of the push address's authentication; undefined: push addresses carry none. */
  readonly authKey: string | undefined
  /** Suffix of the transcoded stream, for example `_mix`. */
  readonly mixSuffix: string
}

/** Where a room's stream is pushed to and played from. Pure: the same arguments give the same addresses. */
export type MediaAddresses = {
  /** The broadcaster's push URL, a secret when there is a key; good for 24 hours from `at` (epoch milliseconds). */
  readonly pushUrl: (room: string, at: number) => string
  /** The transcoded stream as FLV over HTTP: what the audience watches; a mix appears in it without switching. */
  readonly playUrl: (room: string) => string
  readonly m3u8PlayUrl: (room: string) => string
  readonly rtmpPlayUrl: (room: string) => string
  /** The untranscoded stream with a short delay: what co-hosts watch of each other. */
  readonly shortDelayUrl: (room: string) => string
  /** A mixed stream by the name that the video cloud gave it. */
  readonly streamUrl: (stream: string) => string
  /** The room of a stream name: one trailing suffix is taken off. */
  readonly roomOf: (stream: string) => string
}

/** The digest in a push address, hex: MD5 of `/APP/ROOM-T-0-0-KEY`; `expires` (T): epoch seconds in decimal digits. */
export const pushDigest = ({
  app,
  room,
  expires,
  key,
}: {
  readonly app: string
  readonly room: string
  readonly expires: number | string
  readonly key: string
}): string => createHash('md5').update(`/${app}/${room}-${expires}-0-0-${key}`).digest('hex')

const pushValiditySeconds = 24 * 60 * 60

/** Addresses in the form of the video cloud; the authentication is its "type A" URL signature. */
export const createMediaAddresses = ({
  pushHost,
  playHost,
  rtmpPlayHost = playHost,
  app,
  authKey,
  mixSuffix,
}: MediaSettings): MediaAddresses => {
  const signature = (room: string, at: number): string => {
    if (authKey === undefined) return ''
    const expires = Math.floor(at / 1000) + pushValiditySeconds
    return `?auth_key=${expires}-0-0-${pushDigest({ app, room, expires, key: authKey })}`
  }
  return {
    pushUrl: (room, at) => `rtmp://${pushHost}/${app}/${room}${signature(room, at)}`,
    playUrl: (room) => `http://${playHost}/${app}/${room}${mixSuffix}.flv`,
    m3u8PlayUrl: (room) => `http://${playHost}/${app}/${room}${mixSuffix}.m3u8`,
    rtmpPlayUrl: (room) => `rtmp://${rtmpPlayHost}/${app}/${room}${mixSuffix}`,
    shortDelayUrl: (room) => `http://${playHost}/${app}/${room}.flv?ali_flv_retain=0`,
    streamUrl: (stream) => `http://${playHost}/${app}/${stream}`,
    roomOf: (stream) =>
      mixSuffix !== '' && stream.endsWith(mixSuffix) && stream.length > mixSuffix.length
        ? stream.slice(0, -mixSuffix.length)
        : stream,
  }
}
