import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pushMessages } from '../../schemas/events.ts'
import { readRecords } from '../../schemas/records.ts'
import { fullNames, type Records, type RoomState } from '../../schemas/types.generated.ts'
import {
  encodeConnected,
  encodeError,
  encodeGap,
  encodePong,
  encodeReconnect,
  encodeSubscribed,
  encodeUnsubscribed,
  errorCodes,
  parseFrame,
} from '../../services/edge/domain/protocol.ts'
import { encodeRoomState, lineOf } from '../../services/edge/domain/wire.ts'
import { anyFrame } from '../../test/support/any-frame.ts'
import { arbitraryRecord } from '../../test/support/arbitrary-record.ts'
import { checkLine } from '../../test/support/check-line.ts'
import { createSchemaChecks } from '../../test/support/published-schemas.ts'
import { clientOps } from './websocket-ops.ts'

const document = 'asyncapi-websocket.generated.json'
const checkAt = createSchemaChecks(document, { isOpen: true })
const checks = new Map(
  Object.keys(clientOps).map((op) => [op, checkAt(`/channels/edge/messages/${op}/payload`)] as const),
)

/** Whether the published schema of its op takes an object. */
const isPublished = (value: unknown): boolean => {
  const op = typeof value === 'object' && value !== null && 'op' in value ? value.op : undefined
  try {
    const check = typeof op === 'string' ? checks.get(op) : undefined
    check?.(value)
    return check !== undefined
  } catch (error) {
    assert.match(String(error), /not as docs/)
    return false
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    assert.ok(error instanceof SyntaxError)
    return undefined
  }
}

/** Just inside of a limit, and just outside. */
const atLimits = [
  ...[4095, 4096, 2 ** 53 - 1, 2 ** 53].map((window) => ({ op: 'connect', token: 't', window })),
  ...[-1, 0, 0.5].map((bytes) => ({ op: 'ack', bytes })),
  ...[64, 65].map((length) => ({ op: 'unsubscribe', room: 'r'.repeat(length) })),
  ...[-2, -1].map((pos) => ({ op: 'subscribe', room: 'r', resume: { epoch: 'e', positions: { 9: pos } } })),
  ...Object.values(clientOps).map(({ example }) => example),
]

test('the edge takes exactly what the schemas of the ops take', () => {
  let taken = 0
  fc.assert(
    fc.property(anyFrame, (frame) => {
      for (const text of frame.split('\n')) {
        if (text.trim() === '') continue
        const [parsed] = parseFrame(text)
        // A token that is missing or no text is a missing token to the edge: it closes with 4500, and refuses nothing.
        const isUsable = parsed?.ok === true && !(parsed.op === 'connect' && parsed.token === '')
        assert.equal(isPublished(parseJson(text)), isUsable, text)
        if (isUsable) taken += 1
      }
    }),
    { numRuns: 2_000, examples: atLimits.map((op) => [JSON.stringify(op)]) },
  )
  assert.ok(taken > 100, `only ${taken} good ops were tried`)
})

const answers = [
  encodeConnected('c1', 25_000),
  encodeSubscribed({ room: 'r1', epoch: 'e', positions: { 4: -1, 5: 0, 8: 1, 9: 2 } }),
  encodeSubscribed({ room: 'r1', epoch: 'e', positions: { 4: -1, 5: 0, 8: 1, 9: 2 }, recovered: false }),
  encodeUnsubscribed('r1'),
  encodePong(),
  encodeGap('r1', 8, 37),
  encodeGap('r1', 9, null),
  ...errorCodes.map((code) => encodeError(code, 'why')),
  encodeReconnect(0),
].map((text) => JSON.parse(text) as Record<string, unknown>)

test('every answer of the edge is as published, and none may have a field more or one less', () => {
  for (const answer of answers) {
    checkLine(answer)
    assert.throws(() => checkLine({ ...answer, more: 1 }), /must NOT have additional properties/)
  }
  assert.throws(() => checkLine({ op: 'gap', room: 'r1' }), /must have required property 'weight'/)
  assert.throws(() => checkLine({ op: 'welcome' }), /does not know/)
})

const asOf = { 4: 3, 5: 4 }

/** What stands on the wire for a record. */
const wireOf = (message: (typeof pushMessages)[number], content: object): Record<string, unknown> => {
  const record = { ...content, ...(message.audience === 'room' ? {} : { toUid: 'ann' }) }
  const text =
    message.record === 'RoomState'
      ? encodeRoomState(message, record as RoomState, asOf)
      : lineOf({
          kind: message,
          name: message.record,
          record: record as Records[typeof message.record],
          pos: message.lane === 'edge' ? null : 7,
        })?.bytes.toString()
  return JSON.parse(text ?? '{}') as Record<string, unknown>
}

test('every push message is as published whatever its record holds, and none may have a field more', () => {
  const records = readRecords()
  for (const message of pushMessages) {
    const anyContent = arbitraryRecord(fullNames[message.record], records)
    fc.assert(
      fc.property(anyContent, (content) => {
        const wire = wireOf(message, { ...content, roomId: 'r1', eventId: 'e1' })
        checkLine(wire)
        assert.throws(() => checkLine({ ...wire, more: 1 }), /additional properties/)
        const data = { ...(wire['data'] as object), more: 1 }
        assert.throws(() => checkLine({ ...wire, data }), /additional properties/)
      }),
      { numRuns: 20 },
    )
  }
})
