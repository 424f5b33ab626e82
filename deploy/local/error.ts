/** A failure of the local platform whose message says to the person at the terminal what to do; no stack is needed. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError'
}

/** What was thrown, in one line. */
export const explain = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** True for the error of a system call with that code, for example ENOENT. */
export const isSystemError = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
