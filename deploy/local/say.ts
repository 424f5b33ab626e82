/** Tells the person at the terminal one thing: a line, or a few. */
export type Say = (line: string) => void
