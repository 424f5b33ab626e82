/** The id of a new room: 16 lower-case hex digits, taken from its request's event id, so that a repeat gets the same room. */
export const createdRoomId = (eventId: string): string => eventId.slice(0, 16)

/**
 * The event id of a request with an Idempotency-Key: 32 hex digits, the same for the same caller, path and key.
 * @param sha256 hex digest of a text
 */
export const idempotentEventId = (
  { credential, path, key }: { credential: string; path: string; key: string },
  sha256: (text: string) => string,
): string =>
  // as JSON, so that no two different triples are written alike
  sha256(JSON.stringify([credential, path, key])).slice(0, 32)
