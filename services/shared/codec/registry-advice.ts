/** An error and what it came from, in words; `fetch` hides the reason in its cause. */
const wordsOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.message} ${'status' in error ? String(error.status) : ''} ${wordsOf(error.cause)}`
    : ''

/** Which setting to look at when a registry does not answer as one; empty where that is not known. */
export const registryAdvice = (what: string, cause: unknown): string => {
  const words = `${what} ${wordsOf(cause)}`
  if (/certificate/i.test(words))
    return '; NODE_EXTRA_CA_CERTS has to name a PEM file with its authority, SCHEMA_REGISTRY_URL the host of its certificate'
  if (/\b40[13]\b|unauthorized|forbidden/i.test(words))
    return '; look at SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD'
  return ''
}
