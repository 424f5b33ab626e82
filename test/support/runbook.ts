const fence = /^( *)```sh\n(.*?)\n\1```$/gms
const inlineCode = /`([^`\n]+)`/g
const namesMetric = /\b(roomcast[_:]\w+|process_\w+|nodejs_\w+|ALERTS|up)\b/

/** The shell commands of a Markdown text, block by block. */
export const commandsOf = (markdown: string): readonly string[] =>
  [...markdown.matchAll(fence)].map(([, indent = '', block = '']) =>
    block
      .split('\n')
      .map((line) => line.slice(indent.length))
      .join('\n'),
  )

/** The PromQL expressions of a Markdown text: its inline code that names a metric; each once. */
export const expressionsOf = (markdown: string): readonly string[] => {
  const prose = markdown.replaceAll(fence, '')
  const code = [...prose.matchAll(inlineCode)].map(([, text = '']) => text)
  return [...new Set(code.filter((text) => namesMetric.test(text)))]
}
