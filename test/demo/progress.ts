/** Shows that something is waited for, and for how long already. */
export type Progress = {
  /** Resolves and rejects as the work does. */
  readonly during: <T>(what: string, work: Promise<T>) => Promise<T>
}

const everyMs = 500
const eraseLine = '\r\u001b[K'

/** On a terminal one line that counts the seconds and goes away at the end; elsewhere a line at the beginning. */
export const createProgress = ({
  write,
  isTty,
}: {
  readonly write: (text: string) => void
  readonly isTty: boolean
}): Progress => ({
  during: async (what, work) => {
    if (!isTty) {
      write(`  … ${what}\n`)
      return work
    }
    const startedAt = performance.now()
    const show = (): void => write(`${eraseLine}  … ${what} (${Math.round((performance.now() - startedAt) / 1000)} s)`)
    show()
    const timer = setInterval(show, everyMs)
    try {
      return await work
    } finally {
      clearInterval(timer)
      write(eraseLine)
    }
  },
})
