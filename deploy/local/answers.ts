/**
 * Whether a GET of the address is answered 200 within `withinMs`. False also when nobody listens yet, or somebody is too busy to answer;
 * rejects with the signal's reason when that is aborted.
 */
export const isAnswered = async (
  url: string,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<boolean> => {
  const within = AbortSignal.timeout(withinMs)
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, within]) })
    await answer.body?.cancel()
    return answer.status === 200
  } catch (error) {
    signal.throwIfAborted()
    // fetch rejects with a TypeError when it finds nobody.
    if (error instanceof TypeError || within.aborted) return false
    throw error
  }
}
