import { anchorOf } from '../../deploy/observability/runbook-page.ts'

/** A piece of a document, and the line on which it begins (1 is the first). */
export type Piece = { readonly text: string; readonly line: number }

/** What is looked at of a Markdown document. */
export type Markdown = {
  /** Anchors of the headings, as the usual hosts make them. */
  readonly anchors: ReadonlySet<string>
  /** Targets of links and pictures. */
  readonly links: readonly Piece[]
  /** What stands in backticks, and the lines of blocks of code. */
  readonly code: readonly Piece[]
  /** Every line, code included. */
  readonly lines: readonly Piece[]
}

const fence = /^\s*(```|~~~)/
const heading = /^#{1,6} +(.*?) *#*$/
const link = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g
const inlineCode = /(`+)(.+?)\1/g

const withoutCode = (text: string): string => text.replaceAll(inlineCode, (all) => ' '.repeat(all.length))

/** Reads a document; HTML and links by reference are not looked at. */
export const readMarkdown = (text: string): Markdown => {
  const anchors = new Set<string>()
  const links: Piece[] = []
  const code: Piece[] = []
  const lines = text.split('\n').map((each, at) => ({ text: each, line: at + 1 }))
  let isCode = false
  for (const piece of lines) {
    if (fence.test(piece.text)) {
      isCode = !isCode
      continue
    }
    if (isCode || piece.text.startsWith('    ')) {
      code.push(piece)
      continue
    }
    const [, title] = heading.exec(piece.text) ?? []
    if (title !== undefined) addAnchor(anchors, anchorOf(title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')))
    for (const [, , inside = ''] of piece.text.matchAll(inlineCode)) code.push({ ...piece, text: inside })
    for (const [, target = ''] of withoutCode(piece.text).matchAll(link)) links.push({ ...piece, text: target })
  }
  return { anchors, links, code, lines }
}

/** A heading that comes again gets a number. */
const addAnchor = (anchors: Set<string>, anchor: string): void => {
  let free = anchor
  for (let again = 1; anchors.has(free); again += 1) free = `${anchor}-${again}`
  anchors.add(free)
}
