import { pushNames, type PushData, type PushName } from './events.generated.ts'

// What an edge sends: one JSON object a line, one or more lines a frame.

/** The last position of each weight that has been dealt with. */
export type Positions = { readonly 4: number; readonly 5: number; readonly 8: number; readonly 9: number }
export type Weight = keyof Positions

/** A push message as it stands on the wire. */
export type PushLine = {
  readonly type: number
  /** Epoch milliseconds. */
  readonly time: number
  readonly data: unknown
  readonly room: string
  readonly weight: Weight
  /** Absent on what the edge makes itself (103, 104). */
  readonly pos?: number
  readonly id: string
  /** On 104: the positions that the state includes. */
  readonly asOf?: { readonly 4: number; readonly 5: number }
}

export type SubscribedLine = {
  readonly op: 'subscribed'
  readonly room: string
  readonly epoch: string
  readonly positions: Positions
  /** Absent when nothing was to be resumed. */
  readonly recovered?: boolean
}

export type OpLine =
  | SubscribedLine
  | { readonly op: 'connected'; readonly connection: string; readonly pingMs: number }
  | { readonly op: 'unsubscribed'; readonly room: string }
  | { readonly op: 'gap'; readonly room: string; readonly weight: Weight; readonly dropped?: number }
  | { readonly op: 'error'; readonly code: number; readonly message: string }
  | { readonly op: 'reconnect'; readonly afterMs: number }
  | { readonly op: 'pong' }

export type Line = PushLine | OpLine

/** The lines of a frame. Throws when one is not a JSON object: then this is no edge. */
export const parseFrame = (frame: string): readonly Line[] => {
  const lines: Line[] = []
  for (const text of frame.split('\n')) {
    if (text === '') continue
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) throw new Error('a line is not an object')
    lines.push(value as Line)
  }
  return lines
}

/** A push message, by name. */
export type PushEvent<N extends PushName = PushName> = {
  readonly [T in N]: {
    readonly name: T
    readonly type: number
    /** Epoch milliseconds. */
    readonly time: number
    readonly data: PushData[T]
    readonly room: string
    readonly weight: Weight
    /** Null on what the edge makes itself: `viewer-count`, `room-state`. */
    readonly pos: number | null
    readonly id: string
    /** It was missed, and the state of the room that was sent since (`room-state`) shows its effect already. */
    readonly isIncluded: boolean
  }
}[N]

/** The event of a message; undefined for one that this version does not know. */
export const eventOf = (line: PushLine, isIncluded: boolean): PushEvent | undefined => {
  const name = pushNames[line.type]
  if (name === undefined) return undefined
  const { type, time, data, room, weight, pos = null, id } = line
  return { name, type, time, data, room, weight, pos, id, isIncluded } as PushEvent
}

const encoder = new TextEncoder()

/** How many bytes a text is in UTF-8. */
export const utf8Bytes = (text: string): number => encoder.encode(text).length
