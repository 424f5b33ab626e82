// deadline: 240 s
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { describeMetrics } from '../../deploy/observability/metrics-page.ts'
import { chartFolder, chartTest } from './chart-stage.ts'
import { ofKind } from './objects.ts'

const observability = join(chartFolder, '../../observability')
const Groups = z.object({ groups: z.array(z.looseObject({ name: z.string() })) })

chartTest('alert rules are those of deploy/observability, with links that are written in', async ({ render }) => {
  const rules = ofKind(await render('everything'), 'PrometheusRule')
  const files = (await readdir(join(observability, 'rules'))).filter((name) => name.endsWith('.rules.yml')).toSorted()
  assert.deepEqual(
    rules.map(({ metadata }) => `${metadata.name.replace('rooms-', '')}.rules.yml`),
    files,
  )
  for (const [index, file] of files.entries()) {
    const text = (await readFile(join(observability, 'rules', file), 'utf8'))
      .replaceAll('{{ $externalLabels.runbook }}', 'https://git.example.com/rooms/RUNBOOK.md')
      .replaceAll('{{ $externalLabels.dashboards }}', 'https://grafana.example.com')
    assert.deepEqual(z.looseObject({ spec: Groups }).parse(rules[index]).spec, Groups.parse(parse(text)))
    assert.ok(!JSON.stringify(rules[index]).includes('externalLabels'))
  }
})

chartTest(
  'Prometheus calls a job by the name of its service, and keeps the label that metrics have themselves',
  async ({ render }) => {
    const objects = await render('everything')
    const Monitor = z.looseObject({
      spec: z.looseObject({
        jobLabel: z.string(),
        selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
        endpoints: z.tuple([z.looseObject({ port: z.string(), honorLabels: z.boolean(), path: z.string() })]),
      }),
    })
    const { spec } = Monitor.parse(ofKind(objects, 'ServiceMonitor')[0])
    const [endpoint] = spec.endpoints
    const found = ofKind(objects, 'Service').filter(({ metadata: { labels } }) =>
      Object.entries(spec.selector.matchLabels).every(([name, value]) => labels[name] === value),
    )
    const Offered = z.looseObject({ spec: z.looseObject({ ports: z.array(z.looseObject({ name: z.string() })) }) })
    assert.ok(found.every((service) => Offered.parse(service).spec.ports.some(({ name }) => name === endpoint.port)))
    const jobs = found.map(({ metadata }) => metadata.labels[spec.jobLabel] ?? '')
    assert.deepEqual(
      jobs.toSorted((a, b) => (a < b ? -1 : 1)),
      [...describeMetrics().keys()].toSorted((a, b) => (a < b ? -1 : 1)),
    )
    // The operator adds a label `service` with the name of the Kubernetes Service, which would win otherwise.
    assert.equal(endpoint.honorLabels, true)
    assert.equal(endpoint.path, '/metrics')
  },
)

chartTest('dashboards are those of deploy/observability, each small enough for a ConfigMap', async ({ render }) => {
  const maxBytes = 1024 * 1024
  const Map = z.looseObject({ data: z.record(z.string(), z.string()) })
  const maps = ofKind(await render('everything'), 'ConfigMap')
  const found = Object.assign({}, ...maps.map((map) => Map.parse(map).data)) as Readonly<Record<string, string>>
  const folder = join(observability, 'dashboards/generated')
  const files = await readdir(folder)
  assert.deepEqual(Object.keys(found).toSorted(), files.toSorted())
  for (const name of files) {
    assert.equal(found[name], await readFile(join(folder, name), 'utf8'))
    assert.ok(Buffer.byteLength(found[name]) < maxBytes)
  }
  assert.ok(maps.every(({ metadata }) => metadata.labels['grafana_dashboard'] === '1'))
})

chartTest('what scales by lag or connections asks for metrics that the services have', async ({ render }) => {
  const Scaled = z.looseObject({
    spec: z.looseObject({
      triggers: z.array(z.looseObject({ metadata: z.looseObject({ query: z.string().optional() }) })),
    }),
  })
  const queries = ofKind(await render('everything'), 'ScaledObject').flatMap((object) =>
    Scaled.parse(object).spec.triggers.flatMap(({ metadata: { query } }) => (query === undefined ? [] : [query])),
  )
  const names = new Set([...describeMetrics().values()].flat().map(({ name }) => name))
  assert.equal(queries.length, 3)
  for (const query of queries) {
    const [, name = ''] = /^sum\((\w+)\{/.exec(query) ?? []
    assert.ok(names.has(name), query)
    // Another release in the same namespace has pods of other names.
    assert.match(query, /namespace="live",pod=~"rooms-(state-machine|mixer|edge)-\[\^-\]\+-\[\^-\]\+"/)
  }
})
