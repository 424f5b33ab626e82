/** Whether an error says that arguments do not fit: one of `parseArgs` of node:util. */
export const isWrongUsage = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
