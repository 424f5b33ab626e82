import { hasChanged } from './changed.ts'
import { formatValue, markdownTable } from './format.ts'
import type { Tally } from './load.ts'
import type { Outcome } from './run-drill.ts'
import { findMeaning } from './runbook.ts'

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`

/** What somebody was told first, and when. */
export const firstTold = ({ notifications, from }: Outcome): string => {
  const first = notifications.find(({ status, at }) => status === 'firing' && at >= from)
  if (first === undefined) return 'nobody was told anything'
  const names = [...new Set(first.alerts.map(({ labels }) => labels['alertname'] ?? ''))]
  return `${first.alerts[0]?.labels['severity'] ?? ''} ${names.join(', ')} after ${seconds(first.at - from)}`
}

const told = ({ notifications, from }: Outcome): string =>
  markdownTable(
    ['after', 'to', '', 'alert', 'summary', 'description'],
    notifications
      .filter(({ at }) => at >= from)
      .flatMap(({ at, receiver, alerts }) =>
        alerts.map(({ status, labels, annotations }) => [
          seconds(at - from),
          receiver,
          status,
          `${labels['alertname'] ?? ''} (${labels['service'] ?? ''})`,
          annotations['summary'] ?? '',
          annotations['description'] ?? '',
        ]),
      ),
  )

const timeline = ({ changes, said, from, to }: Outcome): string => {
  const rows = [
    ...changes.map(({ at, alert, state }) => ({ at, what: alert, state: String(state) })),
    ...said.map(({ at, what }) => ({ at, what, state: '' })),
    { at: to, what: 'the fault is taken away', state: '' },
  ]
  return markdownTable(
    ['after', 'what', ''],
    rows
      .filter(({ at }) => at >= from)
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, what, state }) => [seconds(at - from), what, state]),
  )
}

const runbookOf = ({ notifications, from }: Outcome, runbook: string): string => {
  const names = notifications
    .filter(({ at, status }) => at >= from && status === 'firing')
    .flatMap(({ alerts }) => alerts.map(({ labels }) => labels['alertname'] ?? ''))
  return [...new Set(names)].map((name) => `- **${name}**: ${findMeaning(runbook, name) ?? 'NO HEADING'}`).join('\n')
}

const panels = ({ seen, moments, from }: Outcome): string => {
  const before = moments.filter((at) => at <= from).length
  const minutes = moments.map((at) => `${Math.round((at - from) / 60_000)} min`)
  const rows = seen.flatMap(({ panel, curves }) =>
    curves
      .filter((curve) => hasChanged(curve, before))
      .map(({ name, values }) => [
        `${panel.dashboard}: ${panel.title}`,
        name,
        ...values.map((value) => formatValue(value, panel.unit)),
      ]),
  )
  return rows.length === 0 ? 'None.' : markdownTable(['panel', 'line', ...minutes], rows)
}

const users = ({ before, after }: { readonly before: Tally; readonly after: Tally }): string => {
  const failures = Object.entries(after.failures)
    .map(([step, count]) => [step, count - (before.failures[step] ?? 0)] as const)
    .filter(([, count]) => count > 0)
  return [
    `Sessions begun ${after.sessionsBegun - before.sessionsBegun}, mixed ${after.sessionsMixed - before.sessionsMixed}; ` +
      `comments taken ${after.commentsTaken - before.commentsTaken}.`,
    ...failures.map(([step, count]) => `- ${count} × ${step}`),
  ].join('\n')
}

/** The page of a drill. */
export const writeReport = (outcome: Outcome, runbook: string): string => {
  const { drill, from, to, left, tallies } = outcome
  return `# ${drill.name}

${drill.about} At ${new Date(from).toISOString().slice(0, 16).replace('T', ' ')} UTC, for ${seconds(to - from)}; written by \`make drills\`.

First told: **${firstTold(outcome)}**.

## What the pager received

${told(outcome)}

## What the runbook says of it

${runbookOf(outcome, runbook)}

## Alerts at Prometheus

${timeline(outcome)}

${left.length === 0 ? 'In the end no alert was left.' : `Still there when the drill ended: ${left.join('; ')}.`}

## Panels that changed

${panels(outcome)}

## What users met

${users(tallies)}
`
}
