const maxLength = 2_000

/** Keeps the end of what ffmpeg says, on one line, without the queries of addresses: they can hold keys. */
export const createStderrTail = (): {
  readonly add: (chunk: Uint8Array) => void
  readonly text: () => string
} => {
  const decoder = new TextDecoder()
  let text = ''
  return {
    add: (chunk) => {
      text += decoder.decode(chunk, { stream: true })
      // The first word may be the rest of an address, whose key would not be seen as one any more.
      if (text.length > 2 * maxLength) text = text.slice(-2 * maxLength).replace(/^\S*/, '')
    },
    text: () =>
      text
        .trim()
        .replaceAll(/\?\S*/g, '?…')
        .replaceAll(/\s*\n\s*/g, ' | ')
        .slice(-maxLength),
  }
}
