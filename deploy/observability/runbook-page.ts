const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** The anchor that a heading of Markdown gets at the usual hosts. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

const headings: ReadonlySet<string> = new Set(['#', '##', '###'])

/** Headings with their anchors, links inside of the page, everything else as it is written. */
const lineOf = (line: string): string => {
  const [marks = '', ...words] = line.split(' ')
  if (!headings.has(marks)) return escape(line).replaceAll(/\[([^\]]+)\]\((#[^)]+)\)/g, '<a href="$2">$1</a>')
  return `<b id="${anchorOf(words.join(' '))}">${escape(line)}</b>`
}

/** The runbook as a page for a browser, in which the links of alerts lead to their headings. It shows the Markdown's own text. */
export const createRunbookPage = (markdown: string): string => {
  let isCode = false
  const lines = markdown.split('\n').map((line) => {
    if (line.trimStart().startsWith('```')) isCode = !isCode
    return isCode ? escape(line) : lineOf(line)
  })
  return [
    '<!doctype html>',
    '<meta charset="utf-8">',
    '<title>Runbook</title>',
    '<style>pre { white-space: pre-wrap; max-width: 150ch; margin: auto } :target { background: yellow }</style>',
    `<pre>${lines.join('\n')}</pre>`,
    '',
  ].join('\n')
}
