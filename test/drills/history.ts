import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findMonitoringTools } from '../../deploy/observability/monitoring-tools.ts'
import { readMetrics } from '../support/read-metrics.ts'

// A Prometheus that has just been started would take the first minute of a drill for the whole month: objectives are measured over
// hours and days. So it gets a day to look back on, in which the system was well and had the load that it has now.

const lengthSeconds = 86_400
const everySeconds = 60
/** Of the objective for deliveries; nothing was later than that. */
const inTimeSeconds = 0.5
const withinMs = 60_000

/** A counter's line of /metrics, as `name{labels} value`. */
const linePattern = /^(?<name>\w+)\{(?<labels>[^}]*)\} (?<value>\S+)$/
const histories = [
  { job: 'edge', pattern: /^roomcast_edge_delivery_seconds_(?:bucket|count)\{.*weight="[45]"/ },
  { job: 'ingest', pattern: /^roomcast_ingest_request_seconds_count\{.*status="2/ },
] as const
export type Instances = Readonly<Record<(typeof histories)[number]['job'], string>>

type Series = { readonly series: string; readonly perSecond: number }

const readSeries = async (instances: Instances, overSeconds: number): Promise<readonly Series[]> => {
  const all: Series[] = []
  for (const { job, pattern } of histories) {
    const instance = instances[job]
    const lines = (await readMetrics(`http://${instance}`)).split('\n').filter((line) => pattern.test(line))
    const parsed = lines.map((line) => linePattern.exec(line)?.groups ?? {})
    for (const { name = '', labels = '', value } of parsed) {
      const le = /le="([^"]+)"/.exec(labels)?.[1]
      const isInTime = le !== undefined && Number(le.replace('+Inf', 'Infinity')) >= inTimeSeconds
      const weight = /weight="\d"/.exec(labels)?.[0] ?? ''
      const whole = parsed.find((one) => one['labels']?.includes('le="+Inf"') && one['labels'].includes(weight))
      const count = Number(isInTime ? whole?.['value'] : value)
      all.push({ series: `${name}{${labels},job="${job}",instance="${instance}"}`, perSecond: count / overSeconds })
    }
  }
  return all
}

/**
 * Puts a good day into the folder where Prometheus will keep its data, to be called before it starts.
 * @param overSeconds how long the load has run: the day has the same rates
 */
export const layHistory = async ({
  folder,
  instances,
  overSeconds,
}: {
  readonly folder: string
  readonly instances: Instances
  readonly overSeconds: number
}): Promise<void> => {
  const { promtool } = await findMonitoringTools()
  const end = Math.floor(Date.now() / 1000)
  const moments = Array.from({ length: lengthSeconds / everySeconds }, (_, nth) => nth * everySeconds)
  const lines: string[] = []
  for (const { series, perSecond } of await readSeries(instances, overSeconds)) {
    for (const after of moments) lines.push(`${series} ${perSecond * after} ${end - lengthSeconds + after}`)
  }
  const fresh = `roomcast:probe_fresh:bool{job="edge",service="edge",instance="${instances.edge}"}`
  for (const after of moments) lines.push(`${fresh} 1 ${end - lengthSeconds + after}`)
  const file = join(folder, 'history.txt')
  await writeFile(file, `${lines.join('\n')}\n# EOF\n`)
  const command = ['tsdb', 'create-blocks-from', 'openmetrics', file, join(folder, 'prometheus-data'), '--quiet']
  await promisify(execFile)(promtool, command, { timeout: withinMs })
}
