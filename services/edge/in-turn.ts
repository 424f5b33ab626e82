import type { Connection } from './connection.ts'

/** What is under way for a connection, and how much waits behind it. */
type Busy = Pick<Connection, 'work' | 'waiting' | 'isClosed'>

/** Ops of one connection that may wait for an earlier one. */
export const maxWaitingOps = 64

/**
 * Does what a connection asks for when everything that it asked for before is done, so that answers come in the order of
 * the questions; not at all when the connection has ended by then. Returns false when too much waits already.
 * @param perform returns nothing when it is done at once
 * @param failed hears why its promise rejected
 */
export const inTurn = (
  connection: Busy,
  perform: () => Promise<void> | undefined,
  failed: (error: unknown) => void,
): boolean => {
  const { work } = connection
  if (work === null) {
    track(connection, perform(), failed)
    return true
  }
  if (connection.waiting >= maxWaitingOps) return false
  connection.waiting += 1
  const next = work.then(() => {
    connection.waiting -= 1
    return connection.isClosed ? undefined : perform()
  })
  track(connection, next, failed)
  return true
}

const track = (connection: Busy, begun: Promise<void> | undefined, failed: (error: unknown) => void): void => {
  if (begun === undefined) return
  const work: Promise<void> = begun.catch(failed).then(() => {
    if (connection.work === work) connection.work = null
  })
  connection.work = work
}
