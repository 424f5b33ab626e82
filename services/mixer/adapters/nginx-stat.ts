import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { z } from 'zod'
import { Fault } from '../../shared/fault.ts'
import type { SeenStream, SourceLook } from '../domain/source-look.ts'

const roomIdForm = /^[A-Za-z0-9]{1,64}$/
/** A stream takes about 1 KiB, each of its players 0.3. */
const maxBytes = 16 * 1024 * 1024

/**
 * Looks at nginx-rtmp's statistics (`rtmp_stat`), once a call. Throws the retriable fault CLOUD_UNREACHABLE when they do not come or
 * make no sense.
 */
export const createNginxStat =
  ({ url, app }: { readonly url: string; readonly app: string }) =>
  async (signal: AbortSignal): Promise<SourceLook> => {
    const look = readStat(await fetchText(url, signal), app)
    if (look === undefined) throw unreachable('the media server’s statistics make no sense')
    return look
  }

const whole = z
  .string()
  .regex(/^-?[0-9]{1,15}$/)
  .transform(Number)

/** What nginx-rtmp writes, as far as it matters here. An empty element is an empty text. */
const page = z.object({
  rtmp: z.object({
    pid: z.string().min(1),
    server: z.array(
      z.object({
        application: z.array(
          z.object({
            name: z.string(),
            live: z.object({
              stream: z
                .array(
                  z.object({
                    name: z.string(),
                    bytes_in: whole,
                    client: z
                      .array(z.object({ id: whole, timestamp: whole, publishing: z.string().optional() }))
                      .default([]),
                    meta: z.object({ video: z.object({ codec: z.string().optional() }).optional() }).optional(),
                  }),
                )
                .default([]),
            }),
          }),
        ),
      }),
    ),
  }),
})

const repeated = new Set(['server', 'application', 'stream', 'client'])
const parser = new XMLParser({ parseTagValue: false, ignoreDeclaration: true, isArray: (name) => repeated.has(name) })

/**
 * The rooms that are published to the first of the servers: the later ones carry mixes. Undefined for what is not nginx-rtmp's
 * statistics of a server with that application.
 */
export const readStat = (xml: string, app: string): SourceLook | undefined => {
  if (XMLValidator.validate(xml) !== true) return undefined
  const { data } = page.safeParse(parser.parse(xml))
  const application = data?.rtmp.server[0]?.application.find(({ name }) => name === app)
  if (data === undefined || application === undefined) return undefined
  const streams = new Map<string, SeenStream>()
  for (const { name, bytes_in: bytesIn, client: clients, meta } of application.live.stream) {
    // Players may wait for a stream that nobody publishes.
    const publisher = clients.find(({ publishing }) => publishing !== undefined)
    if (publisher === undefined || !roomIdForm.test(name)) continue
    const { id: client, timestamp: timestampMs } = publisher
    streams.set(name, { client, timestampMs, bytesIn, hasVideo: meta?.video?.codec !== undefined })
  }
  return { server: data.rtmp.pid, streams }
}

const fetchText = async (url: string, signal: AbortSignal): Promise<string> => {
  try {
    const response = await fetch(url, { redirect: 'error', signal })
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel()
      throw unreachable(`the media server’s statistics answer ${response.status}`)
    }
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body) {
      bytes += chunk.length
      if (bytes > maxBytes) throw unreachable('the media server’s statistics are too long')
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } catch (error) {
    if (error instanceof Fault) throw error
    throw unreachable('the media server’s statistics cannot be reached', error)
  }
}

const unreachable = (message: string, cause?: unknown): Fault =>
  new Fault('CLOUD_UNREACHABLE', message, { cause, retriable: true })
