/** Listeners by the name of an event. */
export type Emitter<E> = {
  /** Calls the listener at each event of that name; gives back what ends that. */
  readonly on: <N extends keyof E>(name: N, listener: (event: E[N]) => void) => () => void
  readonly emit: <N extends keyof E>(name: N, event: E[N]) => void
}

export const createEmitter = <E>(): Emitter<E> => {
  const listeners: { [N in keyof E]?: Set<(event: E[N]) => void> } = {}
  return {
    on: (name, listener) => {
      const own = (listeners[name] ??= new Set())
      // A function of its own: the same listener may be added twice, and each is ended by itself.
      const added: typeof listener = (event) => listener(event)
      own.add(added)
      return () => void own.delete(added)
    },
    emit: (name, event) => {
      for (const listener of listeners[name] ?? []) {
        try {
          listener(event)
        } catch (error) {
          // The listener's own fault: it is shown like any that nobody caught, and the client goes on.
          queueMicrotask(() => {
            throw error
          })
        }
      }
    },
  }
}
