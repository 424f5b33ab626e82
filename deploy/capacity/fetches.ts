/** How a reader asks: as soon as a broker has `minBytes`, at the latest after `maxWaitMs`; where nothing comes, `idleWaitMs`. */
export type Fetching = { readonly minBytes: number; readonly maxWaitMs: number; readonly idleWaitMs: number }

/** Fetches a second of one reader, which asks each broker by itself. */
export const fetchesPerSecond = (
  { minBytes, maxWaitMs, idleWaitMs }: Fetching,
  { records, bytes, brokers }: { readonly records: number; readonly bytes: number; readonly brokers: number },
): number => {
  const idle = 1_000 / idleWaitMs
  const busiest = Math.max(1_000 / maxWaitMs, bytes / brokers / minBytes)
  return brokers * Math.min(idle + records / brokers, Math.max(idle, busiest))
}
