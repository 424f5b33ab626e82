import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'

/** A span as it was exported, with the attributes of its resource that tell who made it. */
export type ReceivedSpan = {
  readonly service: string
  readonly name: string
  /** As OpenTelemetry's API calls them. */
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER'
  readonly traceId: string
  readonly spanId: string
  /** Empty: it begins its trace. */
  readonly parentId: string
  readonly links: readonly string[]
  readonly attributes: Readonly<Record<string, string | number>>
  readonly hasFailed: boolean
}

/** A collector of traces: takes OTLP over HTTP as JSON, and keeps all of it. */
export type OtlpReceiver = {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is set to. */
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  /** What came, as it came. */
  readonly texts: readonly string[]
  /** Values of a header of the requests. */
  readonly headers: (name: string) => ReadonlySet<string>
  readonly close: () => Promise<void>
}

const kinds = ['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const
const failed = 2

const attributes = z
  .array(
    z.object({
      key: z.string(),
      value: z.union([
        z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
        z.object({ intValue: z.coerce.number() }).transform(({ intValue }) => intValue),
        z.object({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
      ]),
    }),
  )
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value])))

/** The parts of an ExportTraceServiceRequest that tests look at (https://github.com/open-telemetry/opentelemetry-proto). */
const ExportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().default(''),
              name: z.string(),
              kind: z.number(),
              attributes,
              links: z.array(z.object({ spanId: z.string() })).default([]),
              status: z.object({ code: z.number().default(0) }),
            }),
          ),
        }),
      ),
    }),
  ),
})

const readText = async (request: IncomingMessage): Promise<string> => {
  const body = await buffer(request)
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8')
}

const spansIn = (text: string): readonly ReceivedSpan[] =>
  ExportRequest.parse(JSON.parse(text)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ parentSpanId, kind, links, status, ...span }) => ({
        ...span,
        service: String(resource.attributes['service.name']),
        kind: kinds[kind] ?? 'INTERNAL',
        parentId: parentSpanId,
        links: links.map(({ spanId }) => spanId),
        hasFailed: status.code === failed,
      })),
    ),
  )

/** Listens on any free port of this machine. What it cannot read is answered 400, and kept in `texts`. */
export const startOtlpReceiver = async (): Promise<OtlpReceiver> => {
  const spans: ReceivedSpan[] = []
  const texts: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const take = async (request: IncomingMessage): Promise<number> => {
    if (request.method !== 'POST' || request.url !== '/v1/traces') return 404
    headers.push(request.headers)
    const text = await readText(request)
    texts.push(text)
    spans.push(...spansIn(text))
    return 200
  }
  const server = createServer((request, response) => {
    void take(request)
      .catch(() => 400)
      .then((status) => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    texts,
    headers: (name) => new Set(headers.map((one) => String(one[name] ?? ''))),
    close: async () => {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
