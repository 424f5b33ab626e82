import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clock, formatValue, markdownTable } from './format.ts'
import type { Outcome } from './run-drill.ts'

const alertsPage = ({ notifications, to }: Outcome): string => {
  const pages = notifications
    .filter(({ at }) => at <= to)
    .map(({ at, receiver, status, alerts }) => {
      const each = alerts.map(
        (alert) =>
          `- ${alert.status}, fires since ${alert.startsAt.slice(11, 19)}\n` +
          `  - labels: ${JSON.stringify(alert.labels)}\n  - annotations: ${JSON.stringify(alert.annotations)}`,
      )
      return `## ${clock(at)} to ${receiver}: ${status}\n\n${each.join('\n')}`
    })
  return `# What the pager and the tracker received (UTC)\n\nAn alert "fires since" its condition has held for as long as its rule asks.\n\n${pages.join('\n\n')}\n\nNow it is ${clock(to)}.\n`
}

const dashboardsPage = ({ seen, moments }: Outcome): string => {
  const head = ['', ...moments.map(clock)]
  let heading = ''
  const parts = seen.map(({ panel, curves }) => {
    const { dashboard, row, title, description, unit } = panel
    const above = `${dashboard}${row === '' ? '' : `, ${row}`}`
    const isNew = above !== heading
    heading = above
    const rows = curves.map(({ name, values }) => [
      name.trim() === '' ? '(the only line)' : name,
      ...values.map((value) => formatValue(value, unit)),
    ])
    const body = rows.length === 0 ? 'No data.' : markdownTable(head, rows)
    return `${isNew ? `## ${above}\n\n` : ''}### ${title}\n\n${description}\n\n${body}`
  })
  return `# All panels of all dashboards, one value a minute (UTC)\n\n–: the line is not there at that moment.\n\n${parts.join('\n\n')}\n`
}

/** Writes down what somebody on call would have before him, and nothing of what was done: alerts, panels, the runbook. */
export const writeForOnCall = async (outcome: Outcome, runbook: string, folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'alerts.md'), alertsPage(outcome))
  await writeFile(join(folder, 'dashboards.md'), dashboardsPage(outcome))
  await writeFile(join(folder, 'RUNBOOK.md'), runbook)
}
