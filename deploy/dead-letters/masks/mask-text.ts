import { findSecrets } from './find-secrets.ts'
import { isKnownWord } from './schema-words.ts'

/** Stands for what is not shown. */
export const masked = '[masked]'

const secretHeader = /secret|token|passw|auth|cookie|sign|credential|key/i
const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
const roomId = /^[A-Za-z0-9]{1,64}$/

const cutOut = (text: string, isHarmless?: (word: string) => boolean): string => {
  let shown = ''
  let from = 0
  for (const { start, end } of findSecrets(text, isHarmless)) {
    shown += text.slice(from, start) + masked
    from = end
  }
  return shown + text.slice(from)
}

/** Without what would move the cursor, colour the terminal or break the line. */
const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '·')

/** Text of a record that we can read: what stands behind the name of a secret is left out. */
export const maskText = (text: string): string => cutOut(text)

/** Text of which nobody knows what it is, for one line of a terminal: whatever might be a key or a token is left out as well. */
export const maskUnknown = (text: string): string => printable(cutOut(text, isKnownWord))

/** Text that a service of ours has written, for one line of a terminal. */
export const maskLine = (text: string): string => printable(cutOut(text))

/** A record's key, for one line of a terminal. */
export const showKey = (key: Buffer | null): string => {
  if (key === null) return '(no key)'
  const text = key.toString()
  return roomId.test(text) ? text : maskUnknown(text)
}

/** A position as `room.input.v1/3/1204`; of a topic that is not ours it is text that nobody knows. */
export const showPosition = (text: string): string => {
  const [, topic = ''] = /^(.{1,249})\/\d{1,9}\/\d{1,16}$/.exec(text) ?? []
  return isKnownWord(topic) ? text : maskUnknown(text)
}

/** A header's value, for one line of a terminal. */
export const showHeader = (name: string, value: Buffer): string => {
  const text = value.toString()
  if (name === 'traceparent' && traceparent.test(text)) return text
  if (name === 'replayOf' || name === 'replayed-to') return showPosition(text)
  return secretHeader.test(name) ? masked : maskUnknown(text)
}
