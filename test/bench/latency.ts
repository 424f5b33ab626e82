// How long a message takes from the HTTP request that causes it to the WebSocket frame that brings it, at a steady rate against a
// running system: `node test/bench/latency.ts [--rate 200] [--seconds 60] [--warm-up 60]`.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { createAppServer } from '../support/app-server.ts'
import type { AppServer } from '../support/app-server.ts'
import { mintToken } from '../support/edge-client.ts'
import { readTarget } from '../support/target.ts'
import type { Target } from '../support/target.ts'
import { summarise } from './percentiles.ts'
import type { Summary } from './percentiles.ts'

const rooms = 50
const settleMs = 5_000

/** Something that is sent again and again, and the message that has to follow each time. */
type Load = {
  readonly weight: number
  readonly name: string
  /** Sends the nth one of a room. */
  readonly send: (room: Room, nth: number) => Promise<boolean>
  /** Which one of its room a message is; undefined: another message. */
  readonly nthOf: (room: Room, message: Message) => number | undefined
}
type Room = { readonly id: string; readonly owner: string; readonly invited: { count: number } }
type Message = { readonly type?: number; readonly data?: Readonly<Record<string, unknown>> }

type Measured = {
  readonly weight: number
  readonly name: string
  readonly sent: number
  readonly refused: number
  readonly missing: number
  /** From the request sent to the frame received. */
  readonly endToEnd: Summary
  /** From the request sent to its answer. */
  readonly answer: Summary
  /** By how much requests were sent later than planned: how far this program itself was held up. */
  readonly lateness: Summary
}

/** Invites are decided in a transaction. Each repeats the room's invite, so each is pushed, in the order of the log. */
const invites = (app: AppServer): Load => ({
  weight: 4,
  name: 'invite',
  send: async ({ id, owner }) => {
    const answer = await app.post('/videocall/invite', {
      inviterUid: `fan-of-${owner}`,
      inviteeUid: owner,
      liveRoomId: id,
      inviterType: 1,
    })
    return answer.code === 200 || answer.code === 202
  },
  nthOf: ({ invited }, { type }) => (type === 1 ? invited.count++ : undefined),
})

const comments = (app: AppServer): Load => ({
  weight: 8,
  name: 'comment',
  send: async ({ id }, nth) => {
    const answer = await app.comment({ roomId: id, uid: 'fan', name: 'Fan', comment: String(nth) })
    return answer.code === 200
  },
  nthOf: (_, { type, data }) => (type === 6 ? Number(data?.['comment']) : undefined),
})

/** A client of a room: `onMessage` gets each message with the time at which its frame came. */
const listen = async (
  { edgeUrl, tokenSecret }: Target,
  room: Room,
  onMessage: (message: Message, at: number) => void,
): Promise<WebSocket> => {
  const socket = new WebSocket(edgeUrl)
  const subscribed = Promise.withResolvers<void>()
  socket.on('message', (frame: Buffer) => {
    const at = performance.now()
    for (const line of frame.toString('utf8').split('\n')) {
      const message = JSON.parse(line) as Message & { op?: string }
      if (message.op === 'subscribed') subscribed.resolve()
      if (message.op === 'error') subscribed.reject(new Error(`the edge refused: ${line}`))
      onMessage(message, at)
    }
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ op: 'connect', token: await mintToken({ secret: tokenSecret, uid: room.owner }) }))
  socket.send(JSON.stringify({ op: 'subscribe', room: room.id }))
  await subscribed.promise
  return socket
}

/** Sends at the rate, round the rooms; each request has its own time, whether or not earlier ones have been answered. */
const measure = async (
  target: Target,
  app: AppServer,
  load: Load,
  { rate, seconds, warmUp }: { rate: number; seconds: number; warmUp: number },
): Promise<Measured> => {
  const run = randomUUID().slice(0, 8)
  const sentAt = new Map<string, number[]>()
  const endToEnd: number[] = []
  const answers: number[] = []
  const lateness: number[] = []
  let measured = 0
  let refused = 0
  let measuringFrom = Infinity

  const all: Room[] = []
  const sockets: WebSocket[] = []
  for (let index = 0; index < rooms; index++) {
    const owner = `bench-${run}-${index}`
    const live = await app.createLive({ uid: owner })
    const room: Room = { id: live.roomId, owner, invited: { count: 0 } }
    const sent: number[] = []
    sentAt.set(room.id, sent)
    all.push(room)
    sockets.push(
      await listen(target, room, (message, at) => {
        const nth = load.nthOf(room, message)
        const from = nth === undefined ? undefined : sent[nth]
        if (from !== undefined && from >= measuringFrom) endToEnd.push(at - from)
      }),
    )
  }

  const sendOne = async (room: Room): Promise<void> => {
    const sent = sentAt.get(room.id) ?? []
    const at = performance.now()
    const isMeasured = at >= measuringFrom
    const nth = sent.push(at) - 1
    if (isMeasured) measured++
    const isTaken = await load.send(room, nth)
    if (isMeasured) answers.push(performance.now() - at)
    if (!isTaken) refused++
  }

  const total = Math.round(rate * (warmUp + seconds))
  const startedAt = performance.now()
  measuringFrom = startedAt + warmUp * 1000
  const underWay = new Set<Promise<void>>()
  for (let index = 0; index < total; index++) {
    const dueAt = startedAt + (index * 1000) / rate
    if (dueAt > performance.now()) await sleep(dueAt - performance.now())
    if (dueAt >= measuringFrom) lateness.push(performance.now() - dueAt)
    const room = all[index % rooms]
    if (room === undefined) break
    const sending = sendOne(room).finally(() => underWay.delete(sending))
    underWay.add(sending)
  }
  await Promise.all(underWay)
  for (const endsAt = performance.now() + settleMs; endToEnd.length < measured && performance.now() < endsAt;)
    await sleep(10)

  for (const socket of sockets) socket.close()
  for (const { id } of all) await app.leaveLive(id)
  return {
    weight: load.weight,
    name: load.name,
    sent: measured,
    refused,
    missing: measured - endToEnd.length,
    endToEnd: summarise(endToEnd),
    answer: summarise(answers),
    lateness: summarise(lateness),
  }
}

const table = (results: readonly Measured[]): string => {
  const header = [
    'weight',
    'message',
    'sent',
    'missing',
    'p50 ms',
    'p90 ms',
    'p99 ms',
    'max ms',
    'answer p50',
    'answer p99',
  ]
  const rows = results.map(({ weight, name, sent, missing, endToEnd, answer }) =>
    [
      weight,
      name,
      sent,
      missing,
      endToEnd.p50Ms,
      endToEnd.p90Ms,
      endToEnd.p99Ms,
      endToEnd.maxMs,
      answer.p50Ms,
      answer.p99Ms,
    ].map(String),
  )
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [header, ...rows]
    .map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
    .join('\n')
}

const number = (name: string, text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} is a number above 0, not ${text}`)
  return value
}

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    'warm-up': { type: 'string', default: '60' },
  },
})
const settings = {
  rate: number('rate', values.rate),
  seconds: number('seconds', values.seconds),
  warmUp: number('warm-up', values['warm-up']),
}
const target = await readTarget(process.env)
const app = createAppServer(target)
const results: Measured[] = []
for (const load of [invites(app), comments(app)]) {
  process.stdout.write(`${load.name}s: ${settings.rate} a second for ${settings.seconds} s in ${rooms} rooms …\n`)
  results.push(await measure(target, app, load, settings))
}
process.stdout.write(`\nfrom HTTP request sent to WebSocket frame received\n\n${table(results)}\n`)

const folder = join(import.meta.dirname, 'results')
await mkdir(folder, { recursive: true })
const [cpu] = cpus()
const report = {
  measuredAt: new Date().toISOString(),
  machine: { cpu: cpu?.model ?? 'unknown', cores: cpus().length, node: process.version },
  rooms,
  ...settings,
  results,
}
await writeFile(join(folder, 'latency.json'), `${JSON.stringify(report, null, 2)}\n`)
if (results.some(({ missing, refused }) => missing > 0 || refused > 0)) process.exitCode = 1
