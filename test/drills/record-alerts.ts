import { z } from 'zod'
import type { Monitoring } from '../../deploy/observability/monitoring.ts'
import { pause } from '../../services/shared/waiting.ts'
import { readAlerts } from '../support/monitoring.ts'
import { readJson } from '../support/read-json.ts'

/** Silenced: it fires, and Alertmanager tells nobody, because another alert is its cause. */
export type AlertState = 'pending' | 'firing' | 'silenced' | 'gone'

/** An alert has come into a state. */
export type Change = {
  /** Its name, and the labels that tell it from others of that name. */
  readonly alert: string
  readonly name: string
  readonly state: AlertState
  /** Epoch ms, to the few seconds between two looks. */
  readonly at: number
}

/** What becomes of every alert, from Prometheus and Alertmanager. */
export type AlertRecorder = {
  readonly changes: readonly Change[]
  /** Alerts that are pending, firing or silenced now. */
  readonly current: () => readonly string[]
  readonly stop: () => Promise<void>
}

const everyMs = 2_000

const Active = z.object({
  data: z.object({
    alerts: z.array(z.object({ labels: z.record(z.string(), z.string()), state: z.enum(['pending', 'firing']) })),
  }),
})

/** Labels that say nothing more than the alert's name and service do, where there is one instance of each. */
const sameForAll = ['alertname', 'severity', 'job', 'instance']

/** An alert as a line: its name, and what tells it from others of that name. */
const describe = (labels: Readonly<Record<string, string>>): string => {
  const parts = Object.entries(labels)
    .filter(([name]) => !sameForAll.includes(name))
    .map(([name, value]) => `${name}=${value}`)
  return [labels['alertname'] ?? '', ...parts.toSorted()].join(' ')
}

/** Looks every two seconds until it is stopped. A look that fails is tried again: a Prometheus under load answers late. */
export const recordAlerts = (monitoring: Monitoring): AlertRecorder => {
  const stopping = new AbortController()
  const changes: Change[] = []
  const states = new Map<string, AlertState>()

  const look = async (): Promise<void> => {
    const [active, sent] = await Promise.all([
      readJson(monitoring.prometheusUrl, '/api/v1/alerts').then((body) => Active.parse(body)),
      readAlerts(monitoring),
    ])
    const silenced = new Set(
      sent.filter(({ status }) => status.state === 'suppressed').map(({ labels }) => describe(labels)),
    )
    const now = new Map<string, { readonly name: string; readonly state: AlertState }>()
    for (const { labels, state } of active.data.alerts) {
      const alert = describe(labels)
      const isSilenced = state === 'firing' && silenced.has(alert)
      now.set(alert, { name: labels['alertname'] ?? '', state: isSilenced ? 'silenced' : state })
    }
    const at = Date.now()
    for (const [alert, { name, state }] of now) {
      if (states.get(alert) === state) continue
      states.set(alert, state)
      changes.push({ alert, name, state, at })
    }
    for (const alert of states.keys()) {
      if (now.has(alert)) continue
      states.delete(alert)
      changes.push({ alert, name: alert.split(' ')[0] ?? '', state: 'gone', at })
    }
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look().catch(() => {}) // looked at again in a moment
      await pause(everyMs, stopping.signal)
    }
  }
  const running = run()

  return {
    changes,
    current: () => [...states.keys()],
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
