/** The name last seen for each uid. Best effort: it knows what this instance has seen, and forgets. */
export type NameMemory = {
  readonly remember: (uid: string, name: string) => void
  readonly recall: (uid: string) => string | undefined
  readonly size: () => number
}

/** A name memory of bounded size: when it is full, the name that was seen or asked for longest ago is forgotten. */
export const createNameMemory = ({ maxNames }: { maxNames: number }): NameMemory => {
  const names = new Map<string, string>()
  const moveToEnd = (uid: string, name: string): void => {
    names.delete(uid)
    names.set(uid, name)
  }
  return {
    remember: (uid, name) => {
      moveToEnd(uid, name)
      if (names.size <= maxNames) return
      for (const oldest of names.keys()) {
        names.delete(oldest)
        return
      }
    },
    recall: (uid) => {
      const name = names.get(uid)
      if (name !== undefined) moveToEnd(uid, name)
      return name
    },
    size: () => names.size,
  }
}

/**
 * The name to use for a uid: the one given, else the one in the room's state, else the one last seen, else none.
 * A state that shows the uid as name never had a name.
 */
export const chooseName = ({
  uid,
  given,
  inState,
  lastSeen,
}: {
  uid: string
  given: string | undefined
  inState: string | undefined
  lastSeen: string | undefined
}): string | undefined => given ?? (inState === uid ? undefined : inState) ?? lastSeen
