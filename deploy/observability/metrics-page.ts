// Writes docs/metrics.generated.md from the metrics that the services register; with --check it writes nothing and fails when the
// page is not what it would write. Nothing is started for it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createReadiness } from '../../services/shared/admin-server.ts'
import { createRegistryMetrics } from '../../services/shared/codec/registry-watch.ts'
import { createKafkaMetrics } from '../../services/shared/kafka-metrics.ts'
import { createMetrics, type Metrics } from '../../services/shared/metrics.ts'
import { createDeadLetterMetrics, createReadingMetrics } from '../../services/shared/reading-metrics.ts'
import { createReadyMetrics } from '../../services/shared/ready-metrics.ts'
import { createDroppedSpans } from '../../services/shared/tracing/metrics.ts'
import { registerOwn as registerEdge } from '../../services/edge/metrics.ts'
import { registerOwn as registerIngest } from '../../services/ingest/metrics.ts'
import { registerOwn as registerMixer } from '../../services/mixer/metrics.ts'
import { registerOwn as registerStateMachine } from '../../services/state-machine/metrics.ts'

/** One metric as the page has it; `labels` without `service`, which every sample has. */
export type DescribedMetric = {
  readonly name: string
  readonly type: string
  readonly labels: readonly string[]
  readonly help: string
}

const registrations: Readonly<Record<string, (metrics: Metrics) => void>> = {
  ingest: registerIngest,
  'state-machine': registerStateMachine,
  mixer: registerMixer,
  edge: registerEdge,
}

/** What every one of them registers. */
const registerCommon = (metrics: Metrics): void => {
  createReadyMetrics(metrics, createReadiness([]))
  createRegistryMetrics(metrics)
  createDroppedSpans(metrics)
  createKafkaMetrics(metrics)
  createReadingMetrics(metrics)
  createDeadLetterMetrics(metrics)
}

const own = 'roomcast_'

/** prom-client keeps the names of labels where its types do not say so. */
const labelNamesOf = (metric: object | undefined): readonly string[] => {
  if (metric === undefined || !('labelNames' in metric) || !Array.isArray(metric.labelNames)) return []
  return metric.labelNames.map(String)
}

/** What each service registers, with nothing counted yet. */
export const registerServices = (): ReadonlyMap<string, Metrics> =>
  new Map(
    Object.entries(registrations).map(([service, register]) => {
      const metrics = createMetrics({ service })
      register(metrics)
      registerCommon(metrics)
      return [service, metrics]
    }),
  )

/** The metrics of each service by name, but for Node's own. */
export const describeMetrics = (): ReadonlyMap<string, readonly DescribedMetric[]> =>
  new Map(
    [...registerServices()].map(([service, metrics]) => {
      const described = metrics
        .getMetricsAsArray()
        .filter(({ name }) => name.startsWith(own))
        .map(({ name, type, help }) => ({
          name,
          type: String(type),
          labels: labelNamesOf(metrics.getSingleMetric(name)),
          help,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      metrics.clear()
      return [service, described]
    }),
  )

const sentence = (help: string): string => {
  const text = help.replaceAll('|', '\\|')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}

const rowOf = ({ name, type, labels, help }: DescribedMetric): string =>
  `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${sentence(help)} |`

const introduction = `<!-- Generated from the services by deploy/observability/metrics-page.ts. Do not edit. -->

# Metrics

Each service serves them at \`/metrics\` of its admin port; every sample also has the label \`service\`. Durations are in seconds,
histograms of them have the same buckets from 1 ms to 60 s. Beside these there are Node's own: \`nodejs_eventloop_lag_seconds\` and its
percentiles (how long the event loop keeps others waiting), \`nodejs_gc_duration_seconds\`, \`nodejs_heap_*\`, \`process_cpu_seconds_total\`,
\`process_resident_memory_bytes\`.
`

const createPage = (): string => {
  const sections = [...describeMetrics()].map(
    ([service, metrics]) =>
      `## ${service}\n\n| metric | type | labels | |\n|---|---|---|---|\n${metrics.map(rowOf).join('\n')}\n`,
  )
  return [introduction, ...sections].join('\n')
}

const main = (check: boolean): number => {
  const url = new URL('../../docs/metrics.generated.md', import.meta.url)
  const page = createPage()
  if (!check) {
    writeFileSync(url, page)
    return 0
  }
  if (existsSync(url) && readFileSync(url, 'utf8') === page) return 0
  console.error(
    "docs/metrics.generated.md is not what the services register: run 'make generate' and commit the result",
  )
  return 1
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'))
