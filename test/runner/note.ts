/** Begins each line that is a note, and occurs in nothing else (ASCII "record separator"). */
export const marker = '\u001e'

/** What a test file's process tells the runner. */
export type Note =
  | { readonly kind: 'passed'; readonly name: string }
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly name: string; readonly error: string }
  /** What a test measured, by `t.diagnostic`. */
  | { readonly kind: 'told'; readonly text: string }
  /** All tests are over, and the process does not end; `open` are the kinds of what it still holds. */
  | { readonly kind: 'leak'; readonly open: readonly string[] }
