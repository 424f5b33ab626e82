import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hexdump } from './hexdump.ts'
import { maskRecord, secretsIn } from './mask-record.ts'
import { maskLine, maskText, maskUnknown, showHeader, showKey } from './mask-text.ts'
import { secretFields } from './schema-words.ts'

const digest = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl'

/** A secret, and a text around it as it might come. */
const planted: ReadonlyArray<readonly [secret: string, text: string]> = [
  [digest, `rtmp://push.example/DemoApp/room1?auth_key=1793000000-0-0-${digest}`],
  [digest, `1793000000-0-0-${digest}`],
  ['a1b2', 'rtmp://push.example/live/room1?txSecret=a1b2&txTime=5f'],
  ['hunter2', 'user=ann&password=hunter2&room=1'],
  ['hunter2', '{"password":"hunter2"}'],
  ['my pass, word', '{"passwd": "my pass, word"}'],
  ['cd ef', String.raw`{"password":"ab\"cd ef","x":"y"}`],
  ['ter2', "{'password': 'hun ter2'}"],
  ['def', '{"token":["abc", "def"]}'],
  ['hunter2', '{"passwords":{"ann":"hunter2"}}'],
  ['hunter2', 'next=%2Fx%3Fpassword%3Dhunter2'],
  ['hunter 2', '<password>hunter 2</password>'],
  ['hunter2', `{\\"apiKey\\":\\"hunter2\\"}`],
  ['hunter2', 'https://ann:hunter2@example.com/x'],
  ['ghàrd', 'https://ann:ghàrd@example.com/x'],
  ['hunter2', 'x-api-key: hunter2'],
  ['cred="x y"', 'Authorization: Digest cred="x y"'],
  ['c2VjcmV0', 'Basic c2VjcmV0'],
  ['abcdefgh.ijk', 'bearer abcdefgh.ijk'],
  [jwt, `see ${jwt} there`],
  ['room1-stream', '"rtmpUrl":"rtmp://push.example/DemoApp/room1-stream"'],
  ['hunter2', 'access_token=hunter2'],
  ['ghàörd', 'password=ghàörd&x=1'],
  ['b3', 'rtmp://push.example/live/room1?any=b3&other=b3'],
  ['MIIEvQIBADANBg', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----'],
]

describe('masks', () => {
  for (const [secret, text] of planted)
    test(`no text shows ${secret} of ${text.slice(0, 40)}`, () => {
      for (const shown of [maskText(text), maskLine(text), maskUnknown(text), showKey(Buffer.from(text))])
        assert.ok(!shown.includes(secret), shown)
    })

  test('what is no secret stays as it is', () => {
    for (const text of [
      'the key is not the roomId',
      'http://play.example/DemoApp/room1.flv?ali_flv_retain=0',
      'RECORD_INVALID: x',
    ])
      assert.equal(maskText(text), text)
    assert.equal(showKey(Buffer.from('5f0c7d1e2a3b4c5d')), '5f0c7d1e2a3b4c5d')
  })

  test('in text that nobody knows, whatever looks like a key is masked, and names of our schemas are not', () => {
    const key = 'Zk3vQ9xLw0aPq7Ts'
    assert.equal(maskUnknown(`LiveCreateRequested ${key}`), 'LiveCreateRequested [masked]')
  })

  test('a header is masked by its name or by its value, and a trace context is not', () => {
    const context = `00-${digest}-0f1e2d3c4b5a6978-01`
    assert.equal(showHeader('traceparent', Buffer.from(context)), context)
    assert.equal(showHeader('x-auth', Buffer.from('abc')), '[masked]')
    assert.equal(showHeader('note', Buffer.from(`see ${jwt}`)), 'see [masked]')
    assert.equal(showHeader('traceparent', Buffer.from(jwt)), '[masked]')
  })

  test('text that would command the terminal is not passed on', () => {
    assert.equal(maskLine('a\u001b[31mb\nc'), 'a·[31mb·c')
    assert.equal(showKey(Buffer.from('a\u001b]0;x\u0007')), 'a·]0;x·')
  })
})

describe('a record', () => {
  const rtmpUrl = `rtmp://push.example/DemoApp/room1?auth_key=1-0-0-${digest}`
  const record = {
    roomId: 'room1',
    cohost: { rtmpUrl, inviterRoomId: 'a' },
    urls: ['x?token=abc'],
    likes: 3,
    none: null,
  }

  test('is shown without the fields that its schema calls a secret, at any depth', () => {
    assert.ok(secretFields.has('rtmpUrl'))
    assert.deepEqual(maskRecord(record), {
      ...record,
      cohost: { rtmpUrl: '[masked]', inviterRoomId: 'a' },
      urls: ['x?token=[masked]'],
    })
    assert.deepEqual(secretsIn(record), [rtmpUrl])
  })
})

/** The bytes that a dump shows: those of its text, which are those of its numbers. */
const shownBytes = (dump: string): Buffer =>
  Buffer.concat(
    dump.split('\n').map((row) =>
      Buffer.from(
        row
          .slice(8, 8 + 47)
          .replaceAll('**', '00')
          .replaceAll(' ', ''),
        'hex',
      ),
    ),
  )

describe('a dump of bytes', () => {
  for (const [secret, text] of planted)
    test(`shows ${secret} of ${text.slice(0, 40)} neither as text nor as numbers, in one byte a character or two`, () => {
      for (const encoding of ['utf8', 'utf16le'] as const) {
        const bytes = Buffer.concat([
          Buffer.from([0, 0, 0, 0, 9, 2, 0x80]),
          Buffer.from(text, encoding),
          Buffer.from([2, 3]),
        ])
        const dump = hexdump(bytes, 4_096)
        assert.equal(shownBytes(dump).length, bytes.length)
        assert.ok(!shownBytes(dump).includes(Buffer.from(secret, encoding)), dump)
        const right = dump
          .split('\n')
          .map((row) => row.slice(57))
          .join('')
        assert.ok(!right.includes(secret) && !right.includes(Array.from(secret).join('.')), dump)
      }
    })

  test('hides a given secret wherever it stands', () => {
    const dump = hexdump(Buffer.from('geheim b geheim'), 64, ['geheim'])
    assert.match(dump, / {2}\*{6} b \*{6}$/)
  })

  test('hides a secret that is only begun in what is shown', () => {
    const dump = hexdump(Buffer.from('auth_key=verysecretvalue and more'), 16)
    assert.match(dump, /auth_key=\*{7}$/)
    assert.match(hexdump(Buffer.from('x://ann:hunter2@example.com'), 15), /x:\/\/\*{11}$/)
  })

  test('shows the bytes of what is not a secret, 16 a line', () => {
    assert.equal(
      hexdump(Buffer.from('\u0000\u0000no record of ours'), 256),
      [
        '000000  00 00 6e 6f 20 72 65 63 6f 72 64 20 6f 66 20 6f  ..no record of o',
        '000010  75 72 73                                         urs',
      ].join('\n'),
    )
  })

  test('of a megabyte of letters is there at once', { timeout: 5_000 }, () => {
    assert.match(hexdump(Buffer.alloc(1 << 20, 'a'), 65_536), /\*{16}$/)
  })
})
