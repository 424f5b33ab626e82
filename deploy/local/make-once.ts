import { isPresent } from './files.ts'

const underway = new Map<string, Promise<void>>()

/**
 * Makes a file or folder unless it is there. Who asks for it in this process while it is being made waits for the same, and has the
 * same error. Other processes make it, too: `make` gives it its name when it is whole, and lets the first one stay.
 */
export const makeOnce = async (path: string, make: () => Promise<void>): Promise<void> => {
  const begun = underway.get(path)
  if (begun !== undefined) return begun
  const making = isPresent(path).then((isThere) => (isThere ? undefined : make()))
  underway.set(path, making)
  try {
    await making
  } finally {
    underway.delete(path)
  }
}
