/** Prometheus' text of a service. Rejects when it is not answered with 200 in time. */
export const readMetrics = async (adminUrl: string, withinMs = 10_000): Promise<string> => {
  const answer = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(withinMs) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${adminUrl}/metrics answered ${answer.status}: ${text}`)
  return text
}
