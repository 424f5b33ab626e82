import { z } from 'zod'
import { findMissingMonitoringTools } from '../../deploy/observability/monitoring-tools.ts'
import type { Monitoring } from '../../deploy/observability/monitoring.ts'

const missing = await findMissingMonitoringTools()

/** Why tests with Prometheus and Alertmanager cannot run on this machine; false: they can. */
export const skipWithoutMonitoring = missing.length > 0 && `not installed: ${missing.join(', ')}`

const answersWithinMs = 5_000

/** An alert as Alertmanager has it. */
const Alert = z.object({
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  status: z.object({ state: z.enum(['unprocessed', 'active', 'suppressed']) }),
})
export type Alert = Readonly<z.infer<typeof Alert>>

const readJson = async (url: string): Promise<unknown> => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(answersWithinMs) })
  return answer.json()
}

/** What fires at Alertmanager now; suppressed ones are among them. */
export const readAlerts = async ({ alertmanagerUrl }: Monitoring): Promise<readonly Alert[]> =>
  z.array(Alert).parse(await readJson(`${alertmanagerUrl}/api/v2/alerts?active=true&inhibited=true`))

const Rules = z.object({
  data: z.object({
    groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), health: z.string() })) })),
  }),
})

/** The rules that Prometheus runs, with how their last evaluation went: `ok`, `err` or `unknown`. */
export const readRules = async ({ prometheusUrl }: Monitoring) =>
  Rules.parse(await readJson(`${prometheusUrl}/api/v1/rules`)).data.groups.flatMap(({ rules }) => rules)

const Vector = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
})

/** The values of an expression now. */
export const query = async ({ prometheusUrl }: Monitoring, expression: string): Promise<readonly number[]> => {
  const answer = await readJson(
    `${prometheusUrl}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`,
  )
  const vector = Vector.safeParse(answer)
  if (!vector.success) throw new Error(`${expression}: ${JSON.stringify(answer).slice(0, 500)}`)
  return vector.data.data.result.map(({ value }) => Number(value[1]))
}
