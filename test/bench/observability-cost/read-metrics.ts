const withinMs = 10_000

/** Prometheus' text of a service. */
export const readMetrics = async (adminUrl: string): Promise<string> => {
  const answer = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(withinMs) })
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}: ${await answer.text()}`)
  return answer.text()
}
