import { setTimeout as sleep } from 'node:timers/promises'
import { services } from '../../deploy/local/services.ts'
import { waitUntil } from '../../deploy/local/wait.ts'
import { query } from '../support/monitoring.ts'
import { readPanels } from './dashboards.ts'
import type { Drill } from './drill.ts'
import type { Tally } from './load.ts'
import type { Notification } from './pager.ts'
import { readCurves, type Seen } from './read-curves.ts'
import { recordAlerts, type Change } from './record-alerts.ts'
import { startStage, type Stage } from './stage.ts'

/** What was seen of a drill. Times are epoch ms. */
export type Outcome = {
  readonly drill: Drill
  /** When the fault was there, and when it was taken away. */
  readonly from: number
  readonly to: number
  /** What else was done, and when. */
  readonly said: readonly { readonly at: number; readonly what: string }[]
  readonly changes: readonly Change[]
  readonly notifications: readonly Notification[]
  readonly seen: readonly Seen[]
  /** Of each value in `seen`. */
  readonly moments: readonly number[]
  /** What users had met before the fault, and until its end. */
  readonly tallies: { readonly before: Tally; readonly after: Tally }
  /** Alerts that were still there when the drill stopped looking. */
  readonly left: readonly string[]
}

const historyMs = 120_000
const healthyWithinMs = 240_000
const curvesEveryMs = 60_000

/** Everything is scraped, probes arrive, and no alert fires or is about to. */
const awaitHealth = async ({ monitoring }: Stage, current: () => readonly string[], signal: AbortSignal) => {
  const isHealthy = async (): Promise<boolean> => {
    const [up = 0] = await query(monitoring, 'sum(up)')
    const probes = await query(monitoring, 'time() - roomcast_edge_probe_last_timestamp_seconds < 15')
    return up === services.length && probes.length > 0 && current().length === 0
  }
  if (await waitUntil(isHealthy, { deadlineMs: healthyWithinMs, everyMs: 1_000, signal })) return
  throw new Error(`not healthy within ${healthyWithinMs / 1000} s; alerts: ${current().join(', ') || 'none'}`)
}

/**
 * Starts a system, waits until it is well and has been so for two minutes, does the drill, and writes down what shows.
 * @param onSeen is called at the end of the fault, before the long wait for the alerts to go
 */
export const runDrill = async (
  drill: Drill,
  {
    base,
    recoversWithinMs,
    onSeen,
    say,
    signal,
  }: {
    readonly base: Readonly<Record<string, string | undefined>>
    readonly recoversWithinMs: number
    readonly onSeen: (outcome: Outcome) => Promise<void>
    readonly say: (what: string) => void
    readonly signal: AbortSignal
  },
): Promise<Outcome> => {
  const stage = await startStage({ base, say, signal })
  const { monitoring, pager, load } = stage
  const recorder = recordAlerts(monitoring)
  const over = new AbortController()
  try {
    const panels = await readPanels()
    await awaitHealth(stage, recorder.current, signal)
    say(`everything is well; so it has to stay for ${historyMs / 1000} s`)
    await sleep(historyMs, undefined, { signal })
    await awaitHealth(stage, recorder.current, signal)

    const before = load.tally()
    const said: { at: number; what: string }[] = []
    const tell = (what: string): void => {
      said.push({ at: Date.now(), what })
      say(what)
    }
    const takeAway = await drill.begin(stage, { say: tell, signal: AbortSignal.any([signal, over.signal]) })
    const from = Date.now()
    say(`the fault is there: ${drill.about}`)
    await sleep(drill.lastsMs, undefined, { signal })
    const to = Date.now()
    const after = load.tally()
    const seen = await readCurves(monitoring, panels, { from: from - historyMs, to, everyMs: curvesEveryMs })
    const moments = Array.from(
      { length: Math.floor((to - from + historyMs) / curvesEveryMs) + 1 },
      (_, nth) => from - historyMs + nth * curvesEveryMs,
    )
    const outcome = (): Outcome => ({
      drill,
      from,
      to,
      said,
      changes: [...recorder.changes],
      notifications: [...pager.received],
      seen,
      moments,
      tallies: { before, after },
      left: recorder.current(),
    })
    await onSeen(outcome())

    await takeAway()
    say('the fault is taken away; waiting until the alerts are gone')
    await waitUntil(() => recorder.current().length === 0, {
      deadlineMs: recoversWithinMs,
      everyMs: 1_000,
      signal,
    })
    return outcome()
  } finally {
    over.abort()
    await recorder.stop()
    await stage.stop()
  }
}
