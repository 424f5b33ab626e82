import type { PushLine } from '../support/edge-client.ts'
import { pushMessages } from '../../schemas/events.ts'

const titles: ReadonlyMap<number, string> = new Map(pushMessages.map(({ type, name }) => [type, name]))
const longestName = Math.max(...[...titles.values()].map((name) => name.length))

/** Prints a conversation: what was done, and below it what each client received. */
export type Printer = {
  readonly title: (text: string) => void
  /** Something that somebody did. */
  readonly step: (text: string) => void
  /** A message that a client received. */
  readonly received: (client: string, message: PushLine) => void
  readonly success: (text: string) => void
}

/** `isTty`: colours are used; `names`: what is printed instead of ids. */
export const createPrinter = ({
  write,
  isTty,
  clients,
  names,
}: {
  write: (line: string) => void
  isTty: boolean
  clients: readonly string[]
  names: ReadonlyMap<string, string>
}): Printer => {
  const width = Math.max(...clients.map((client) => client.length))
  const paint =
    (code: number) =>
    (text: string): string =>
      isTty ? `\u001b[${code}m${text}\u001b[0m` : text
  const bold = paint(1)
  const dim = paint(2)
  const byWeight: Readonly<Record<number, (text: string) => string>> = {
    4: paint(35),
    5: paint(34),
    8: paint(32),
    9: paint(33),
  }
  const plain = (text: string): string => text

  const call = (text: string): string => {
    for (const [id, name] of names) text = text.replaceAll(id, name)
    return text
  }
  return {
    title: (text) => write(bold(text)),
    step: (text) => write(`\n${bold(`▸ ${text}`)}`),
    received: (client, { type, weight, data }) => {
      const head = `${String(type).padStart(4)} ${(titles.get(type) ?? 'unknown').padEnd(longestName)}`
      const colour = byWeight[weight] ?? plain
      write(`  ${client.padEnd(width)} ${colour(head)} ${dim(`w${weight}`)}  ${call(sentenceOf(type, data))}`)
    },
    success: (text) => write(paint(32)(`✓ ${text}`)),
  }
}

/** The data of a message as a person would tell it; the secret in a push address is left out. */
const sentenceOf = (type: number, data: PushLine['data']): string => {
  const of = (name: string): string => {
    const value = data[name]
    if (typeof value === 'string') return value
    return Array.isArray(value) ? value.join(' ') : JSON.stringify(value)
  }
  switch (type) {
    case 1:
      return `${of('inviterName')} invites you to co-host, ${of('type')}`
    case 2:
      return `${of('inviteeName')} agreed: push to ${of('rtmpUrl').replace(/auth_key=.*/, 'auth_key=…')}, watch ${of('inviteePlayUrl')}`
    case 3:
      return `${of('inviteeName')} refused`
    case 4:
      return `${of('name')} ended the co-hosting with ${of('notifiedName')}`
    case 5:
      return `${of('inviterName')} and ${of('inviteeName')} are mixed: ${of('inviterMixPlayUrls')} ${of('inviteeMixPlayUrls')}`
    case 6:
      return `${of('name')}: “${of('comment')}”`
    case 7:
      return `${of('name')} likes it${'count' in data ? ` ${of('count')} times` : ''}`
    case 8:
      return `the live in ${of('roomId')} has ended`
    case 9:
      return `the stream of ${of('name')} has started`
    case 10:
      return `the stream of ${of('name')} has broken off`
    case 14:
      return `${of('inviterName')} and ${of('inviteeName')} could not be mixed: ${of('code')} ${of('message')}`
    case 15:
      return `the mix of ${of('name')} and ${of('notifiedName')} has ended`
    case 16:
      return `${of('event')} of ${of('mixRoomId')} into ${of('mainMixRoomId')}: ${of('code')}`
    case 17:
      return `the stream of ${of('roomId')} can be mixed`
    case 104:
      return `you are in ${of('roomId')} of ${of('name')}, with ${of('viewers')} watching`
    default:
      return JSON.stringify(data)
  }
}
