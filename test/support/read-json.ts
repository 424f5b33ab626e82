const answersWithinMs = 10_000

/** The body of an answer of Prometheus or Alertmanager. Rejects when it is an error. */
export const readJson = async (base: string, path: string, query: Readonly<Record<string, string>> = {}) => {
  const answer = await fetch(`${base}${path}?${new URLSearchParams(query).toString()}`, {
    signal: AbortSignal.timeout(answersWithinMs),
  })
  const body: unknown = await answer.json()
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${JSON.stringify(body)}`)
  return body
}
