import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { Monitoring } from '../../deploy/observability/monitoring.ts'

/** One notification of Alertmanager: a group of alerts, after what silences what, sent to a receiver. */
const Notification = z.object({
  receiver: z.string(),
  status: z.enum(['firing', 'resolved']),
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
      startsAt: z.string(),
    }),
  ),
})
export type Notification = Readonly<z.infer<typeof Notification>> & {
  /** When it came, epoch ms. */
  readonly at: number
}

/** Whoever is woken: takes what Alertmanager sends. */
export type Pager = {
  readonly received: readonly Notification[]
  readonly close: () => Promise<void>
}

/** Where alertmanager.yml has the pager and the tracker. */
const inTheFile = 'http://127.0.0.1:9095'
const answersWithinMs = 5_000

/** Listens on a free port, and has Alertmanager send both pages and tickets there. */
export const startPager = async ({ alertmanagerUrl, folder }: Monitoring): Promise<Pager> => {
  const received: Notification[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ ...Notification.parse(JSON.parse(body)), at: Date.now() })
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the pager has no port')

  const file = join(folder, 'alertmanager.yml')
  const before = await readFile(file, 'utf8')
  if (!before.includes(inTheFile)) throw new Error(`alertmanager.yml does not send to ${inTheFile} any more`)
  await writeFile(file, before.replaceAll(inTheFile, `http://127.0.0.1:${address.port}`))
  const answer = await fetch(`${alertmanagerUrl}/-/reload`, {
    method: 'POST',
    signal: AbortSignal.timeout(answersWithinMs),
  })
  if (!answer.ok) throw new Error(`Alertmanager does not take its configuration: ${answer.status}`)

  return {
    received,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
