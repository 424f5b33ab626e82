import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** A panel of a dashboard, with its queries as Prometheus takes them. */
export type Panel = {
  readonly dashboard: string
  /** The heading above it on the dashboard; empty where there is none. */
  readonly row: string
  readonly title: string
  readonly description: string
  readonly unit: string
  readonly queries: readonly { readonly expression: string; readonly legend: string }[]
}

const folder = join(import.meta.dirname, '../../deploy/observability/dashboards/generated')

const Target = z.object({ expr: z.string().optional(), legendFormat: z.string().optional() })
const PanelJson = z.object({
  type: z.string(),
  title: z.string().default(''),
  description: z.string().default(''),
  targets: z.array(Target).default([]),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().default('') }) }).optional(),
})
const Dashboard = z.object({
  title: z.string(),
  panels: z.array(PanelJson.extend({ panels: z.array(PanelJson).default([]) })),
})

/** What Grafana puts in: all instances, and the shortest range that has four scrapes in it. */
const variables: Readonly<Record<string, string>> = {
  __rate_interval: '1m',
  __interval: '15s',
  __range: '15m',
}
const fill = (expression: string): string =>
  expression.replaceAll(/\$\{?(\w+)(?::\w+)?\}?/g, (_whole, name: string) => variables[name] ?? '.*')

/** The one that somebody opens first comes first. */
const rank = (file: string): number => (file === 'roomcast-users.json' ? 0 : 1)

/** All panels with queries, in the order of the dashboards; none where no dashboards were generated. */
export const readPanels = async (): Promise<readonly Panel[]> => {
  const files = globSync('*.json', { cwd: folder }).toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b))
  const panels: Panel[] = []
  for (const file of files) {
    const dashboard = Dashboard.parse(JSON.parse(await readFile(join(folder, file), 'utf8')))
    let row = ''
    for (const panel of dashboard.panels.flatMap((one) => [one, ...one.panels])) {
      if (panel.type === 'row') row = panel.title
      const queries = panel.targets.flatMap(({ expr, legendFormat = '' }) =>
        expr === undefined ? [] : [{ expression: fill(expr), legend: legendFormat }],
      )
      if (queries.length === 0) continue
      const { title, description } = panel
      const unit = panel.fieldConfig?.defaults.unit ?? ''
      panels.push({ dashboard: dashboard.title, row, title, description, unit, queries })
    }
  }
  return panels
}
