import { createHash } from 'node:crypto'

/** A callback as it went over the wire: who captured it can send it again, and nothing else. */
export type SignedCallback = { readonly url: string; readonly headers: Readonly<Record<string, string>> }

/**
 * Signs callbacks as the video cloud does: MD5 of `domain|timestamp|key`.
 * @param signedAt epoch ms; the signature has its second
 */
export const signCallback = ({
  ingestUrl,
  path,
  query,
  domain = 'play.localhost',
  key,
  signedAt,
}: {
  readonly ingestUrl: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly domain?: string
  readonly key: string
  readonly signedAt: number
}): SignedCallback => {
  const timestamp = String(Math.floor(signedAt / 1_000))
  const signature = createHash('md5').update(`${domain}|${timestamp}|${key}`).digest('hex')
  return {
    url: `${ingestUrl}${path}?${new URLSearchParams(query).toString()}`,
    headers: { 'ALI-LIVE-TIMESTAMP': timestamp, 'ALI-LIVE-SIGNATURE': signature },
  }
}

/** Sends it; resolves with the status of the answer. */
export const sendCallback = async ({ url, headers }: SignedCallback): Promise<number> => {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) })
  await response.body?.cancel()
  return response.status
}
