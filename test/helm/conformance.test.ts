// deadline: 240 s
import assert from 'node:assert/strict'
import { PlatformError } from '../../deploy/local/error.ts'
import { chartTest } from './chart-stage.ts'
import { kubernetesVersions } from './fetch-schemas.ts'

chartTest('helm lint finds nothing in any example', async ({ examples, lint }) => {
  for (const example of examples) assert.match(await lint(example), /1 chart\(s\) linted, 0 chart\(s\) failed/)
})

for (const version of kubernetesVersions) {
  chartTest(`every object of every example is valid in Kubernetes ${version}`, async (chart) => {
    const manifests = await Promise.all(chart.examples.map((example) => chart.renderText(example)))
    const said = await chart.conform(manifests.join('\n---\n'), version)
    assert.match(said, /Valid: [1-9]\d*, Invalid: 0, Errors: 0, Skipped: 0/)
  })
}

/** Mistakes that would change what an object does, by kind: text that is there, and what is planted in its place. */
const mistakes = {
  Deployment: ['terminationGracePeriodSeconds:', 'terminationGraceSeconds:'],
  NetworkPolicy: ['policyTypes: [Egress]', 'policyTypes: Egress'],
  ServiceMonitor: ['honorLabels: true', 'honourLabels: true'],
  PrometheusRule: ['    - name: services', '    - nome: services'],
  ScaledObject: ['minReplicaCount:', 'minReplicas:'],
} as const

chartTest('a mistake is found in each kind of object in which it is planted', async ({ renderText, conform }) => {
  const manifest = await renderText('everything')
  const planted = Object.values(mistakes).reduce((text, [from, to]) => text.replace(from, to), manifest)
  await assert.rejects(conform(planted, kubernetesVersions[0]), (error) => {
    assert.ok(error instanceof PlatformError)
    for (const kind of Object.keys(mistakes)) assert.match(error.message, new RegExp(`- ${kind} \\S+ is invalid`))
    return true
  })
})
