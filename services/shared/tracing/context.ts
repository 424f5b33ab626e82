/**
 * A W3C `traceparent`, version 00: `00-<trace id>-<span id>-<flags>`. Neither id may be all zeros
 * (https://www.w3.org/TR/trace-context/#traceparent-header).
 */
const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
const formLength = 55
const sampledFlag = 1

export const isTraceparent = (text: string): boolean => form.test(text)

/** The `traceparent` among the headers of a record; undefined when there is none, or one that nobody can go on from. */
export const traceparentIn = (headers: Readonly<Record<string, Buffer>>): string | undefined => {
  const header = headers['traceparent']
  if (header === undefined || header.length !== formLength) return undefined
  const text = header.toString('latin1')
  return isTraceparent(text) ? text : undefined
}

/** Whether whoever wrote it records this trace. */
export const isSampled = (traceparent: string): boolean =>
  (Number.parseInt(traceparent.slice(-2), 16) & sampledFlag) !== 0
