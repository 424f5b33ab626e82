import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { root } from '../../deploy/local/services.ts'
import { layOut, listRuleFiles } from '../../deploy/observability/lay-out.ts'
import { findMonitoringTools } from '../../deploy/observability/monitoring-tools.ts'
import { anchorOf } from '../../deploy/observability/runbook-page.ts'
import { skipWithoutMonitoring } from '../support/monitoring.ts'

const folder = join(root, 'deploy', 'observability')
const rulesFolder = join(folder, 'rules')
const withinMs = 60_000

const readRules = async (): Promise<string> => {
  const texts = (await listRuleFiles()).map((name) => readFile(join(rulesFolder, name), 'utf8'))
  return (await Promise.all(texts)).join('\n')
}

const testFiles = async (): Promise<readonly string[]> =>
  (await readdir(rulesFolder)).filter((name) => name.endsWith('.test.yml'))

/** Each alert with the lines that belong to it. */
const alertsOf = (rules: string): ReadonlyMap<string, string> =>
  new Map(
    rules
      .split(/\n(?= {6}- | {2}- name:)/)
      .map((block) => [/^ {6}- alert: (\w+)$/m.exec(block)?.[1] ?? '', block] as const)
      .filter(([name]) => name !== ''),
  )

const alerts = alertsOf(await readRules())
/** Their files are named for their uids. */
const boards = await readdir(join(folder, 'dashboards', 'generated'))

const run = (program: string, args: readonly string[], cwd: string) =>
  promisify(execFile)(program, [...args], { cwd, timeout: withinMs })

describe('the rules', () => {
  test('every alert is a heading of the runbook, and every heading there an alert', async () => {
    const runbook = await readFile(join(root, 'deploy', 'RUNBOOK.md'), 'utf8')
    const section = /\n## Alerts\n(.*?)\n## /s.exec(runbook)?.[1] ?? ''
    const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading)
    assert.deepEqual(headings.toSorted(), [...alerts.keys()].toSorted())
    for (const part of section.split(/^### /m).slice(1)) {
      for (const word of ['Means', 'Check', 'Act']) assert.match(part, new RegExp(`^\\*\\*${word}\\*\\* `, 'm'))
    }
  })

  test('every link inside of the runbook leads to a heading', async () => {
    const runbook = await readFile(join(root, 'deploy', 'RUNBOOK.md'), 'utf8')
    const anchors = new Set([...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)))
    const dead = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].filter(([, anchor = '']) => !anchors.has(anchor))
    assert.deepEqual(dead.map(String), [])
  })

  for (const [name, rule] of alerts) {
    test(`${name} says how urgent it is, what is the case with its value, and where to read on`, () => {
      assert.match(rule, /^ {10}severity: (page|ticket|none)$/m)
      assert.match(rule, /^ {10}service: \S/m)
      assert.match(rule, /^ {10}summary: \S/m)
      assert.match(rule, /^ {10}description: .*\$value/ms)
      const link = `runbook_url: '{{ $externalLabels.runbook }}#${anchorOf(name)}'`
      assert.ok(rule.includes(`\n          ${link}`), `not there: ${link}`)
      const board = /^ {10}dashboard: '\{\{ \$externalLabels\.dashboards \}\}\/d\/([\w-]+)'$/m.exec(rule)?.[1] ?? 'none'
      assert.ok(boards.includes(`${board}.json`), `no dashboard: ${board}`)
    })
  }

  test('every alert has a case in which it fires and one in which it does not', async () => {
    const texts = (await testFiles()).map((file) => readFile(join(rulesFolder, file), 'utf8'))
    const cases = [...(await Promise.all(texts)).join('\n').matchAll(/^ {2}- name: '?(\w+) (fires|does not fire)/gm)]
    const seen = new Set(cases.map(([, name, which]) => `${name} ${which}`))
    const wanted = [...alerts.keys()].flatMap((name) => [`${name} fires`, `${name} does not fire`])
    assert.deepEqual([...seen].toSorted(), wanted.toSorted())
  })

  test('every metric that the rules and the runbook name is one that a service has', async () => {
    const page = await readFile(join(root, 'docs', 'metrics.generated.md'), 'utf8')
    const known = new Set(
      [...page.matchAll(/^\| `(roomcast_\w+)` \| (\w+)/gm)].flatMap(([, name = '', type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
      ),
    )
    const text = (await readRules()) + (await readFile(join(root, 'deploy', 'RUNBOOK.md'), 'utf8'))
    const named = new Set([...text.matchAll(/\broomcast_\w+/g)].map(([name]) => name))
    assert.ok(named.size > 15)
    assert.deepEqual(
      [...named].filter((name) => !known.has(name)),
      [],
    )
  })

  test('alertmanager.yml silences and names no alert that does not exist', async () => {
    const text = await readFile(join(folder, 'alertmanager.yml'), 'utf8')
    const named = [...text.matchAll(/alertname=~?"([^"]+)"/g)].flatMap(([, names = '']) => names.split('|'))
    assert.ok(named.length > 0)
    assert.deepEqual(
      named.filter((name) => !alerts.has(name)),
      [],
    )
  })
})

describe("Prometheus's own tools", { skip: skipWithoutMonitoring }, () => {
  test('every alert fires and does not fire as its cases say', async () => {
    const { promtool } = await findMonitoringTools()
    await run(promtool, ['test', 'rules', ...(await testFiles())], rulesFolder)
  })

  for (const scale of [1, 0.05]) {
    test(`the files that make watch lays out are valid, pauses times ${scale}, expressions as they are`, async (t) => {
      const { promtool, amtool } = await findMonitoringTools()
      const target = await mkdtemp(join(tmpdir(), 'roomcast-rules-'))
      t.after(() => rm(target, { recursive: true, force: true }))
      const one = ['127.0.0.1:1']
      const targets = { ingest: one, 'state-machine': one, mixer: one, edge: one, alertmanager: one }
      const prometheusUrl = 'http://127.0.0.1:1'
      await layOut({ folder: target, targets, prometheusUrl, scale })
      assert.match(
        await readFile(join(target, 'prometheus.yml'), 'utf8'),
        /^ {4}runbook: http:\/\/127\.0\.0\.1:1\/user\/runbook\.html$/m,
      )
      const { stdout, stderr } = await run(promtool, ['check', 'config', 'prometheus.yml'], target)
      assert.doesNotMatch(stdout + stderr, /WARNING|FAILED/)
      await run(amtool, ['check-config', 'alertmanager.yml'], target)
      const withoutPauses = (text: string): string => text.replaceAll(/^( {8}for:) \S+$/gm, '$1')
      for (const name of await listRuleFiles()) {
        const [laidOut, original] = await Promise.all(
          [target, folder].map((base) => readFile(join(base, 'rules', name), 'utf8')),
        )
        assert.equal(withoutPauses(laidOut ?? ''), withoutPauses(original ?? 'missing'))
      }
    })
  }
})
