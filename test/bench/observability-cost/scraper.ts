// A process that scrapes a service as Prometheus does, over one connection that stays open.
import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerParent } from '../edge/child.ts'
import { summarise, type Summary } from '../percentiles.ts'

export type ScraperApi = {
  readonly scrape: (options: {
    readonly url: string
    readonly count: number
    readonly everyMs: number
  }) => Promise<Summary & { readonly bytes: number; readonly series: number }>
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const withinMs = 10_000

const read = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(url, { agent, timeout: withinMs }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => void parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts).toString('utf8'))
        else reject(new Error(`${url} answered ${response.statusCode}`))
      })
    })
    request.on('error', reject)
    request.on('timeout', () => request.destroy(new Error(`${url} did not answer`)))
  })

answerParent<ScraperApi>({
  scrape: async ({ url, count, everyMs }) => {
    const tookMs: number[] = []
    let text = ''
    for (let nth = 0; nth < count; nth++) {
      const startedAt = performance.now()
      text = await read(url)
      tookMs.push(performance.now() - startedAt)
      await sleep(everyMs)
    }
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
    return { ...summarise(tookMs), bytes: Buffer.byteLength(text), series }
  },
})
