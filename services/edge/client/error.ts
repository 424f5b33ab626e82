/**
 * Why something was refused or failed: a code of the edge (400 to 503 in an answer, 4500 to 4999 when it closed for good), `closed`
 * (by this client), `unsubscribed` (meanwhile) or `token` (there was none).
 */
export class RoomcastError extends Error {
  override readonly name = 'RoomcastError'
  readonly code: RoomcastErrorCode

  constructor(code: RoomcastErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

export type RoomcastErrorCode = number | 'closed' | 'unsubscribed' | 'token'
