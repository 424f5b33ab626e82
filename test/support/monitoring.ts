import { z } from 'zod'
import { findMissingMonitoringTools } from '../../deploy/observability/monitoring-tools.ts'
import type { Monitoring } from '../../deploy/observability/monitoring.ts'
import { readJson } from './read-json.ts'

const missing = await findMissingMonitoringTools()

/** Why tests with Prometheus and Alertmanager cannot run on this machine; false: they can. */
export const skipWithoutMonitoring = missing.length > 0 && `not installed: ${missing.join(', ')}`

/** An alert as Alertmanager has it. */
const Alert = z.object({
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  status: z.object({ state: z.enum(['unprocessed', 'active', 'suppressed']) }),
})
export type Alert = Readonly<z.infer<typeof Alert>>

/** What fires at Alertmanager now; suppressed ones are among them. */
export const readAlerts = async ({ alertmanagerUrl }: Monitoring): Promise<readonly Alert[]> =>
  z.array(Alert).parse(await readJson(alertmanagerUrl, '/api/v2/alerts', { active: 'true', inhibited: 'true' }))

const Rules = z.object({
  data: z.object({
    groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), health: z.string() })) })),
  }),
})

/** The rules that Prometheus runs, with how their last evaluation went: `ok`, `err` or `unknown`. */
export const readRules = async ({ prometheusUrl }: Monitoring) =>
  Rules.parse(await readJson(prometheusUrl, '/api/v1/rules')).data.groups.flatMap(({ rules }) => rules)

const Vector = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})

export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** What Prometheus has for an expression now. */
export const querySamples = async ({ prometheusUrl }: Monitoring, expression: string): Promise<readonly Sample[]> =>
  Vector.parse(await readJson(prometheusUrl, '/api/v1/query', { query: expression })).data.result.map(
    ({ metric, value }) => ({ labels: metric, value: Number(value[1]) }),
  )

/** The values of an expression now. */
export const query = async (monitoring: Monitoring, expression: string): Promise<readonly number[]> =>
  (await querySamples(monitoring, expression)).map(({ value }) => value)
