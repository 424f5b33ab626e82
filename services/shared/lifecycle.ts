export type Closer = () => Promise<void> | void

/**
 * Collects what must be closed, and closes it in reverse order, once.
 * Start things in the order in which work flows out; they then stop in the order in which work flows in.
 */
export class Lifecycle {
  readonly #closers: Closer[] = []
  readonly #controller = new AbortController()
  #closing: Promise<void> | undefined

  /** Aborted as soon as closing begins: loops and waits should watch it. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Throws when closing has begun. */
  onClose(closer: Closer): void {
    if (this.#closing) throw new Error('cannot add a closer: closing has begun')
    this.#closers.push(closer)
  }

  /** Aborts the signal alone, so that a start which is under way gives up before `close`. */
  abort(): void {
    this.#controller.abort()
  }

  /** Closes everything. Every closer runs, even when an earlier one failed; the failures come together at the end. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    this.#controller.abort()
    const errors: unknown[] = []
    for (const closer of this.#closers.toReversed()) {
      try {
        await closer()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'some parts did not close cleanly')
  }
}
