// deadline: 240 s
import assert from 'node:assert/strict'
import { chartTest } from './chart-stage.ts'
import { closedOf, flowsOf } from './network-flows.ts'
import { ofKind } from './objects.ts'

const adminPorts = { ingest: 9464, 'state-machine': 9465, edge: 9466, mixer: 9467 }
const services = Object.keys(adminPorts)

const sorted = (lines: readonly string[]): readonly string[] => lines.toSorted((a, b) => (a < b ? -1 : 1))

/** What holds for every installation: names, probes by `helm test`. */
const always = (dns: string): readonly string[] => [
  ...[...services, 'setup', 'test'].flatMap((pod) => [`${pod} → ${dns}:53`, `${pod} → ${dns}:53/UDP`]),
  ...Object.entries(adminPorts).map(([service, port]) => `test → ${service}:${port} (taken)`),
  // One rule for all of them: what a pod takes is its own rule's to say.
  ...[...services, 'setup', 'test'].flatMap((pod) => Object.values(adminPorts).map((port) => `test → ${pod}:${port}`)),
]

chartTest('nothing is possible for any pod but what is allowed', async ({ render }) => {
  const closed = closedOf(await render('secured-kafka'))
  assert.deepEqual(sorted(closed), sorted([...services, 'setup', 'test']))
})

chartTest('where no peers are given, Kafka and registry are anywhere, at their ports alone', async ({ render }) => {
  const flows = flowsOf(await render('minimal'))
  assert.deepEqual(
    flows,
    sorted([
      ...always('anywhere'),
      ...[...services, 'setup'].flatMap((pod) => [`${pod} → anywhere:9092`, `${pod} → anywhere:8080`]),
      ...Object.entries(adminPorts).map(([service, port]) => `any pod → ${service}:${port} (taken)`),
      'anyone → ingest:8080 (taken)',
      'anyone → edge:8081 (taken)',
      'mixer → ingest:8080',
    ]),
  )
})

chartTest(
  'with peers, each service reaches and is reached by what its README names, and no more',
  async ({ render }) => {
    const flows = flowsOf(await render('secured-kafka'))
    assert.deepEqual(
      flows,
      sorted([
        ...always('anywhere'),
        ...[...services, 'setup'].flatMap((pod) => [`${pod} → namespace kafka:9093`, `${pod} → namespace kafka:8443`]),
        ...Object.entries(adminPorts).map(([service, port]) => `namespace monitoring → ${service}:${port} (taken)`),
        'namespace ingress → ingest:8080 (taken)',
        'namespace ingress → edge:8081 (taken)',
        // Keys of tokens, and the video cloud's API.
        'edge → anywhere:443',
        'mixer → anywhere:443',
      ]),
    )
  },
)

chartTest('ports follow the addresses of keys, cloud, traces and brokers', async ({ render }) => {
  const flows = flowsOf(await render('everything', { env: { ALIYUN_ENDPOINT: 'https://cloud.example.com:8443' } }))
  for (const flow of [
    'edge → 10.22.0.0/16:9443',
    'mixer → anywhere:8443',
    ...services.flatMap((service) => [
      `${service} → namespace monitoring:4318`,
      `${service} → 10.20.0.0/16:9094`,
      `${service} → 10.20.0.0/16:9096`,
      `${service} → 10.21.0.7/32:8443`,
    ]),
  ]) {
    assert.ok(flows.includes(flow), `${flow} is missing in ${flows.join(', ')}`)
  }
  assert.ok(!flows.some((flow) => flow.startsWith('setup → namespace monitoring')))
})

chartTest('pods that listen on another port than their Service are reached at their own', async ({ render }) => {
  const networkPolicy = { registryPorts: [8081, 8082], jwksPorts: [8083], tracesPorts: [8084] }
  const flows = flowsOf(await render('everything', { networkPolicy }))
  const wanted = ['→ 10.21.0.7/32:8081', '→ 10.21.0.7/32:8082', '→ 10.22.0.0/16:8083', '→ namespace monitoring:8084']
  for (const flow of wanted) assert.ok(flows.includes(`edge ${flow}`), `${flow} is missing in ${flows.join(', ')}`)
  for (const port of [8443, 9443, 4318])
    assert.ok(!flows.some((flow) => flow.endsWith(`:${port}`) && flow.startsWith('edge')))
})

chartTest('without peers everybody may ask for metrics, as for all the rest', async ({ render }) => {
  const flows = flowsOf(await render('minimal', { networkPolicy: { adminFrom: [] } }))
  for (const [service, port] of Object.entries(adminPorts))
    assert.ok(flows.includes(`anyone → ${service}:${port} (taken)`))
})

chartTest('a cloud inside the mixer reaches ingest though only named peers may call it', async ({ render }) => {
  const ingestFrom = [{ ipBlock: { cidr: '192.0.2.0/24' } }]
  const flows = flowsOf(await render('minimal', { networkPolicy: { ingestFrom } }))
  for (const flow of ['192.0.2.0/24 → ingest:8080 (taken)', 'mixer → ingest:8080 (taken)', 'mixer → ingest:8080']) {
    assert.ok(flows.includes(flow), flow)
  }
  assert.ok(!flows.includes('anyone → ingest:8080 (taken)'))
})

chartTest('policies can be left to others', async ({ render }) => {
  assert.deepEqual(ofKind(await render('autoscaled'), 'NetworkPolicy'), [])
})
