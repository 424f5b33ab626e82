import { randomUUID } from 'node:crypto'
import { topics, type Topic } from '../../../schemas/topics.ts'
import type { Records } from '../../../schemas/types.generated.ts'
import type { OutgoingMessage } from '../../../services/shared/kafka/message.ts'
import { aComment, aLike, aRoom, aStreamPublished } from '../../support/edge-records.ts'
import type { Stage } from '../stage.ts'
import { epochNow } from '../usage-sampler.ts'

/** A comment as it arrives at a client, all told. */
export const usualLineBytes = 220

/** Positions have as many digits as it comes; the filler is made for this one. */
const typicalPos = 12_345

const lineOf = (comment: Records['Commented'], pos: number): string =>
  JSON.stringify({
    type: 6,
    time: comment.occurredAt,
    data: { uid: comment.uid, name: comment.name, comment: comment.comment },
    room: comment.roomId,
    weight: 8,
    pos,
    id: comment.eventId,
  })

/** What people say, to be cut from anywhere: it compresses as such texts do. */
const chatter =
  'what a voice, greetings from the coast! who is that beside you? play the other one again please, it was better live than on the ' +
  'record. my sister says hello, she has watched since March. is there sound for anybody else? yes, loud and clear here. ' +
  'first time in this room and already laughing, when do the two of you sing together? we vote for the blue one, by far. '.repeat(
    2,
  )

/** It begins with the moment of its making, which the probes read, to a hundredth of a millisecond. */
const commentNow = (roomId: string, lineBytes: number): Records['Commented'] => {
  const bare = aComment({ roomId, uid: 'u', name: 'n', comment: `${epochNow().toFixed(2)} ` })
  const missing = Math.max(0, lineBytes - lineOf(bare, typicalPos).length)
  const from = Math.floor(Math.random() * chatter.length)
  const text = chatter.slice(from) + chatter.repeat(Math.ceil(missing / chatter.length))
  return { ...bare, comment: bare.comment + text.slice(0, missing) }
}

/** What a server publishes as it stands: the line of a comment. */
export const lineMessage = (
  topic: string,
  { roomId, pos, lineBytes }: { readonly roomId: string; readonly pos: number; readonly lineBytes: number },
): OutgoingMessage => ({ topic, key: roomId, value: Buffer.from(lineOf(commentNow(roomId, lineBytes), pos)) })

type Written = 'Room' | 'Commented' | 'Liked' | 'StreamPublished'

const recordMessage = <N extends Written>(
  { codec }: Pick<Stage, 'codec'>,
  { topic, type, record }: { readonly topic: Topic; readonly type: N; readonly record: Records[N] },
): OutgoingMessage => ({
  topic: topic.name,
  key: record.roomId,
  value: codec.encode(topic, type, record),
  headers: { type },
})

export const commentMessage = (
  stage: Pick<Stage, 'codec'>,
  roomId: string,
  lineBytes: number = usualLineBytes,
): OutgoingMessage =>
  recordMessage(stage, { topic: topics.pushComment, type: 'Commented', record: commentNow(roomId, lineBytes) })

export const likeMessage = (stage: Pick<Stage, 'codec'>, roomId: string): OutgoingMessage =>
  recordMessage(stage, { topic: topics.pushLike, type: 'Liked', record: aLike({ roomId }) })

export const signalMessage = (stage: Pick<Stage, 'codec'>, roomId: string): OutgoingMessage =>
  recordMessage(stage, { topic: topics.pushSignal, type: 'StreamPublished', record: aStreamPublished({ roomId }) })

export const roomMessage = (stage: Pick<Stage, 'codec'>, roomId: string): OutgoingMessage =>
  recordMessage(stage, { topic: topics.roomState, type: 'Room', record: aRoom({ roomId, eventId: randomUUID() }) })
