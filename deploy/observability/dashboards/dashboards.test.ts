import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { describeMetrics } from '../metrics-page.ts'
import { anchorOf } from '../runbook-page.ts'
import { buildBoard } from './board.ts'
import { boards } from './generate.ts'
import { unshown } from './unshown.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const runbook = read('../../RUNBOOK.md')
const rulesFolder = new URL('../rules/', import.meta.url)
const rules = readdirSync(rulesFolder)
  .filter((name) => name.endsWith('.rules.yml'))
  .map((name) => readFileSync(new URL(name, rulesFolder), 'utf8'))
  .join('\n')

/** Of each metric, by the names that its samples have: its own name and its labels. */
const known = new Map(
  [...describeMetrics().values()].flat().flatMap(({ name, type, labels }) => {
    const ends = type === 'histogram' ? ['_bucket', '_count', '_sum'] : ['']
    return ends.map((end) => [`${name}${end}`, { name, labels }] as const)
  }),
)
const recorded = new Set([...rules.matchAll(/^ +- record: (\S+)$/gm)].map(([, name = '']) => name))

const built = boards.map((board) => ({ board, dashboard: buildBoard(board) }))
const panels = built.flatMap(({ dashboard }) =>
  (dashboard.panels ?? []).flatMap((panel) =>
    'targets' in panel ? [{ where: `${dashboard.title} / ${panel.title}`, panel }] : [],
  ),
)
const queries = panels.flatMap(({ where, panel }) =>
  // The builders give targets of any data source; all of ours are Prometheus'.
  (panel.targets ?? []).flatMap((target) =>
    'expr' in target && typeof target.expr === 'string'
      ? [{ where, expr: target.expr, legend: 'legendFormat' in target ? String(target.legendFormat) : '' }]
      : [],
  ),
)
const metricsIn = (expr: string): readonly string[] => [...expr.matchAll(/\broomcast_\w+/g)].map(([name]) => name)

describe('every dashboard', () => {
  for (const { board, dashboard } of built) {
    test(`${board.uid}: panels lie side by side without gaps, and have titles and numbers of their own`, () => {
      const taken = new Set<string>()
      const all = dashboard.panels ?? []
      for (const { gridPos: { x, y, w, h } = { x: 0, y: 0, w: 0, h: 0 } } of all) {
        assert.ok(x + w <= 24 && w > 0 && h > 0)
        for (let column = x; column < x + w; column += 1) {
          for (let line = y; line < y + h; line += 1) {
            assert.ok(!taken.has(`${column} ${line}`), `two panels at ${column} ${line}`)
            taken.add(`${column} ${line}`)
          }
        }
      }
      const height = Math.max(...all.map(({ gridPos }) => (gridPos?.y ?? 0) + (gridPos?.h ?? 0)))
      assert.equal(taken.size, 24 * height)
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
      const titles = all.flatMap((panel) => ('targets' in panel ? [panel.title] : []))
      assert.deepEqual(
        titles.filter((title, index) => titles.indexOf(title) !== index),
        [],
      )
    })

    test(`${board.uid}: every variable that is used is there, and every one that is there is used`, () => {
      const text = JSON.stringify(dashboard)
      const used = new Set([...text.matchAll(/\$\{?(\w+)\}?/g)].map(([, name = '']) => name))
      used.delete('__rate_interval')
      used.delete('__all')
      const there = (dashboard.templating.list ?? []).map(({ name }) => name)
      assert.deepEqual([...used].toSorted(), there.toSorted())
    })
  }

  test('none has the address of another', () => {
    assert.equal(new Set(boards.map(({ uid }) => uid)).size, boards.length)
  })

  test('the place of the runbook is the one that alerts name', () => {
    const base = /^ +runbook: (\S+)$/m.exec(read('../prometheus.yml'))?.[1]
    for (const { dashboard } of built) {
      assert.equal(dashboard.templating.list?.find(({ name }) => name === 'runbook')?.query, base)
    }
  })
})

test('the data source knows the pause between scrapes, which the rates of panels depend on', () => {
  const scrapes = /^ +scrape_interval: (\S+)$/m.exec(read('../prometheus.yml'))?.[1]
  assert.equal(/^ +timeInterval: (\S+)$/m.exec(read('provisioning/datasources/prometheus.yml'))?.[1], scrapes)
})

test('every panel that the runbook names in its first table is on the first dashboard', () => {
  const table = /\n## What you see, what it is\n(.*?)\n## /s.exec(runbook)?.[1] ?? ''
  const named = [...table.matchAll(/^\| .*$/gm)].flatMap(([row]) => [...row.matchAll(/_([A-Z][^_|]+)_/g)])
  assert.ok(named.length > 2)
  const there = panels.filter(({ where }) => where.startsWith('roomcast: are users fine? / '))
  const missing = named
    .filter(([, title]) => !there.some(({ panel }) => panel.title === title))
    .map(([, title]) => title)
  assert.deepEqual(missing, [])
})

describe('every panel', () => {
  test('says what it shows, what is normal and what to do next, and has a unit', () => {
    assert.ok(panels.length > 100)
    for (const { where, panel } of panels) {
      assert.match(panel.description ?? '', /^.{10,}\n\n\*\*Normal:\*\* .+\.\n\n\*\*Next:\*\* .+\.$/, where)
      assert.ok((panel.fieldConfig?.defaults.unit ?? '') !== '', where)
      assert.ok((panel.targets ?? []).length > 0, where)
    }
  })

  test('leads to a heading of the runbook that exists', () => {
    const anchors = new Set([...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)))
    const links = panels.flatMap(({ where, panel }) => (panel.links ?? []).map(({ url = '' }) => ({ where, url })))
    assert.ok(links.length > 50)
    assert.deepEqual(
      links.filter(({ url }) => !anchors.has(url.replace(/^\$\{runbook\}#/, ''))),
      [],
    )
  })

  test('asks for metrics and rules that exist', () => {
    const strange = queries.filter(
      ({ expr }) =>
        metricsIn(expr).some((name) => !known.has(name)) ||
        [...expr.matchAll(/\broomcast:[\w:]+/g)].some(([name]) => !recorded.has(name)),
    )
    assert.deepEqual(strange, [])
  })

  test('asks for labels that the metric has, in the expression and in the legend', () => {
    const strange = queries.flatMap(({ where, expr, legend }) => {
      const names = metricsIn(expr)
      if (names.length === 0) return [] // rules and Node's own, whose labels are not described
      const own = names.flatMap((name) => known.get(name)?.labels ?? [])
      const labels = new Set(['instance', 'job', 'service', 'le', ...own])
      const asked = [
        ...[...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label),
        ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', ')),
        ...[...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
      ]
      return asked.filter((label) => !labels.has(label)).map((label) => `${where}: ${label} of ${expr}`)
    })
    assert.deepEqual(strange, [])
  })

  test('is called by the labels that keep its series apart', () => {
    const unnamed = queries.filter(({ expr, legend }) => {
      const labels = (/^[^(]*\(?(?:sum|max|count) by \(([^)]*)\)/.exec(expr)?.[1] ?? '').split(', ')
      return labels.some((label) => label !== '' && label !== 'le' && !legend.includes(`{{${label}}}`))
    })
    assert.deepEqual(unnamed, [])
  })
})

test('every metric is shown by a panel, or has a reason not to be', () => {
  const shown = new Set(queries.flatMap(({ expr }) => metricsIn(expr)).map((name) => known.get(name)?.name))
  const all = new Set([...known.values()].map(({ name }) => name))
  const missing = [...all].filter((name) => !shown.has(name)).toSorted()
  assert.deepEqual(missing, Object.keys(unshown).toSorted())
})
