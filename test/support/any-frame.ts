import fc from 'fast-check'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\u0000', '\ud800', '\udfff\ud800', '\u2028', '\ufeff', '__proto__', 'constructor', 'toString', ''),
)
const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(-0, -1, -2, 2 ** 53, 2 ** 53 - 1, 1e308, Number.MIN_VALUE, 4095, 4096, 0.1),
)
const anyValue: fc.Arbitrary<unknown> = fc.oneof(anyText, anyNumber, fc.boolean(), fc.constant(null), fc.jsonValue())
const anyKey = fc.oneof(
  fc.constantFrom('op', 'room', 'token', 'window', 'resume', 'epoch', 'positions', 'bytes', '4', '5', '8', '9'),
  anyText,
)
const anyOp = fc.constantFrom('connect', 'subscribe', 'unsubscribe', 'ack', 'ping')

const anyPositions = fc.dictionary(
  fc.constantFrom('4', '5', '8', '9', '7'),
  fc.oneof(fc.integer({ min: -2 }), anyValue),
)
const anyField: fc.Arbitrary<readonly [string, unknown]> = fc.oneof(
  fc.tuple(fc.constant('room'), fc.constantFrom('r1', 'R2', 'x'.repeat(64), 'x'.repeat(65))),
  fc.tuple(fc.constantFrom('bytes', 'window'), fc.integer({ min: -1, max: 9_000 })),
  fc.tuple(fc.constant('resume'), fc.record({ epoch: fc.string(), positions: fc.oneof(anyPositions, anyValue) })),
  fc.tuple(anyKey, fc.oneof(anyValue, fc.dictionary(anyKey, anyValue))),
)

/** Objects that look like ops, each field of which may be anything at all; as text, so that keys may come twice. */
const anyOpText = fc
  .record({
    op: fc.oneof({ arbitrary: anyOp, weight: 4 }, { arbitrary: anyValue, weight: 1 }),
    fields: fc.array(anyField, { maxLength: 5 }),
  })
  .map(({ op, fields }) => {
    const entries = fields.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? 'null'}`)
    return `{${[`"op":${JSON.stringify(op) ?? 'null'}`, ...entries].join(',')}}`
  })

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('utf8'))
/** Any text frame that a client could send: lines that are nearly ops, or anything at all. */
export const anyFrame: fc.Arbitrary<string> = fc
  .array(fc.oneof(anyOpText, anyText, anyBytes, fc.json()), { maxLength: 8 })
  .map((lines) => lines.join('\n'))
