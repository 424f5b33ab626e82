const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** How often Prometheus and Alertmanager look, and how long they wait; the ranges inside of expressions are not among them. */
const line =
  /^(?<before>[ -]*(?:for|interval|scrape_interval|evaluation_interval|group_wait|group_interval|repeat_interval): )(?<count>\d+)(?<unit>ms|s|m|h)$/gm

/**
 * The text of a configuration or of rules with every pause multiplied, so that a test sees in seconds what takes minutes. Expressions stay
 * as they are, to the letter. At least 100 ms each.
 */
export const scaleDurations = (text: string, scale: number): string =>
  scale === 1
    ? text
    : text.replace(line, (_whole, before: string, count: string, unit: string) => {
        const ms = Math.max(100, Math.round(Number(count) * (units[unit] ?? 1) * scale))
        return `${before}${ms}ms`
      })
