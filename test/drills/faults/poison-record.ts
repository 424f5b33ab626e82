import { topics } from '../../../schemas/topics.ts'
import { sendUnreadable } from '../../support/send-unreadable.ts'
import type { Drill } from '../drill.ts'

/** Magic byte 0 and the id of a schema that nobody has registered, before something. */
const ofAnUnknownSchema = Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0]), Buffer.from('something')])

export const poisonRecord: Drill = {
  name: 'poison-record',
  about: 'Two records to room.input: bytes that are no Avro, and one whose schema id is not registered.',
  lastsMs: 180_000,
  begin: async ({ platform, load }) => {
    await sendUnreadable({
      brokers: platform.brokers,
      topic: topics.roomInput.name,
      key: load.busyRoom(),
      values: [Buffer.from('{"type": "invite"}'), ofAnUnknownSchema],
    })
    return () => Promise.resolve() // there is nothing to take away
  },
}
