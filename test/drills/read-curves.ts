import { z } from 'zod'
import type { Monitoring } from '../../deploy/observability/monitoring.ts'
import type { Panel } from './dashboards.ts'
import { readJson } from '../support/read-json.ts'

/** One line of a panel: its values at some moments; null where there was none. */
export type Curve = { readonly name: string; readonly values: readonly (number | null)[] }

/** A panel as somebody would see it who looks at all these moments. */
export type Seen = { readonly panel: Panel; readonly curves: readonly Curve[] }

const Matrix = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
})

/** The name that Grafana would write beside a line. */
const nameOf = (legend: string, metric: Readonly<Record<string, string>>): string => {
  if (legend !== '' && legend !== '__auto') {
    return legend.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_whole, label: string) => metric[label] ?? '')
  }
  const labels = Object.entries(metric).filter(([label]) => label !== '__name__')
  return labels.map(([label, value]) => `${label}="${value}"`).join(', ')
}

/** Evaluates every query of the panels at moments `everyMs` apart, from `from` to `to` (epoch ms). */
export const readCurves = async (
  { prometheusUrl }: Monitoring,
  panels: readonly Panel[],
  { from, to, everyMs }: { readonly from: number; readonly to: number; readonly everyMs: number },
): Promise<readonly Seen[]> => {
  const moments = Array.from({ length: Math.floor((to - from) / everyMs) + 1 }, (_, nth) => from + nth * everyMs)
  const readOne = async (expression: string, legend: string): Promise<readonly Curve[]> => {
    const body = await readJson(prometheusUrl, '/api/v1/query_range', {
      query: expression,
      start: String(from / 1000),
      end: String(to / 1000),
      step: String(everyMs / 1000),
    })
    return Matrix.parse(body).data.result.map(({ metric, values }) => {
      const numbers = values.map(([seconds, value]) => [Math.round(seconds * 1000), Number(value)] as const)
      // Quantiles and shares of nothing: Grafana draws no line there.
      const byMoment = new Map(numbers.filter(([, value]) => !Number.isNaN(value)))
      return { name: nameOf(legend, metric), values: moments.map((at) => byMoment.get(Math.round(at)) ?? null) }
    })
  }
  const seen: Seen[] = []
  for (const panel of panels) {
    const curves: Curve[] = []
    for (const { expression, legend } of panel.queries) curves.push(...(await readOne(expression, legend)))
    seen.push({ panel, curves })
  }
  return seen
}
