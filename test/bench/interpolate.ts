/** A value at a moment, by the samples before and after it; outside of all samples, that of the nearest; of none, 0. */
export const interpolate = <Sample extends { readonly at: number }>(
  samples: readonly Sample[],
  at: number,
  of: (sample: Sample) => number,
): number => {
  const after = samples.findIndex((sample) => sample.at >= at)
  const next = samples.at(after)
  const previous = after > 0 ? samples[after - 1] : next
  if (next === undefined || previous === undefined) return 0
  if (previous === next) return of(next)
  const share = (at - previous.at) / (next.at - previous.at)
  return of(previous) + share * (of(next) - of(previous))
}
