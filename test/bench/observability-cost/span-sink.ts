// A process that takes traces as a collector does (OTLP over HTTP, JSON), and counts the spans.
import { createServer } from 'node:http'
import { answerParent } from '../edge/child.ts'

export type SpanSinkApi = {
  /** Resolves with the port. */
  readonly start: (none: null) => Promise<number>
  /** So many spans of the service of that name came since the start. */
  readonly count: (serviceName: string) => number
}

/** Each span has it once. */
const spanStart = Buffer.from('"startTimeUnixNano"')
const spans = new Map<string, number>()

const countIn = (body: Buffer): number => {
  let count = 0
  for (let at = body.indexOf(spanStart); at !== -1; at = body.indexOf(spanStart, at + spanStart.length)) count += 1
  return count
}

/** An export is of one process: its resource stands at the front, once. */
const serviceOf = (body: Buffer): string =>
  /"key":"service\.name","value":\{"stringValue":"([^"]*)"/.exec(body.toString('utf8', 0, 2_000))?.[1] ?? ''

answerParent<SpanSinkApi>({
  start: () =>
    new Promise((resolve, reject) => {
      const server = createServer((request, response) => {
        const parts: Buffer[] = []
        request.on('data', (part: Buffer) => void parts.push(part))
        request.on('error', () => {}) // a service that ends meanwhile
        request.on('end', () => {
          const body = Buffer.concat(parts)
          const service = serviceOf(body)
          spans.set(service, (spans.get(service) ?? 0) + countIn(body))
          response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
        })
      })
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        if (typeof address === 'object' && address !== null) resolve(address.port)
      })
    }),
  count: (serviceName) => spans.get(serviceName) ?? 0,
})
