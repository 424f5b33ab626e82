// deadline: 240 s
import assert from 'node:assert/strict'
import { readSetupConfig, setupEnvironment } from '../../deploy/kafka/setup-config.ts'
import { edgeEnvironment, readEdgeConfig } from '../../services/edge/config.ts'
import { ingestEnvironment, readIngestConfig } from '../../services/ingest/config.ts'
import { mixerEnvironment, readMixerConfig } from '../../services/mixer/config.ts'
import { readStateMachineConfig, stateMachineEnvironment } from '../../services/state-machine/config.ts'
import { chartTest } from './chart-stage.ts'
import { podsOf, type Container } from './objects.ts'

type Environment = Readonly<Record<string, string>>

/** What reads the environment in each pod, and the names that it knows. */
const readers: Readonly<Record<string, { names: readonly string[]; read: (env: Environment) => unknown }>> = {
  ingest: { names: Object.keys(ingestEnvironment.shape), read: readIngestConfig },
  'state-machine': { names: Object.keys(stateMachineEnvironment.shape), read: readStateMachineConfig },
  mixer: { names: Object.keys(mixerEnvironment.shape), read: readMixerConfig },
  edge: { names: Object.keys(edgeEnvironment.shape), read: readEdgeConfig },
  setup: { names: Object.keys(setupEnvironment.shape), read: readSetupConfig },
}

/** Read by Node.js itself. */
const ofNode = ['NODE_EXTRA_CA_CERTS']

/** As the container will see it; every secret has a value that would do. */
const environmentOf = ({ env }: Container): Environment =>
  Object.fromEntries(
    env.map(({ name, value }) => [name, value ?? (name.endsWith('_HEADERS') ? 'a=b' : 'x'.repeat(20))]),
  )

chartTest('every service and the setup start with the environment that an example gives them', async (chart) => {
  for (const example of chart.examples) {
    const pods = podsOf(await chart.render(example))
    for (const [component, { names, read }] of Object.entries(readers)) {
      const container = pods.get(component)?.containers[0]
      assert.ok(container, `${example} has no ${component}`)
      const environment = environmentOf(container)
      const unknown = Object.keys(environment).filter((name) => !names.includes(name) && !ofNode.includes(name))
      assert.deepEqual(unknown, [], `${example}, ${component}: nobody reads this`)
      assert.equal(
        container.env.length,
        Object.keys(environment).length,
        `${example}, ${component}: a name is twice there`,
      )
      assert.doesNotThrow(() => read(environment), `${example}, ${component}`)
    }
  }
})

chartTest('a setting is given to every service that knows it, and a service may have its own', async ({ render }) => {
  const pods = podsOf(await render('everything'))
  const valueOf = (component: string, name: string): string | undefined =>
    pods.get(component)?.containers[0].env.find((variable) => variable.name === name)?.value
  assert.equal(valueOf('edge', 'INVITE_TTL_MS'), '45000')
  assert.equal(valueOf('state-machine', 'INVITE_TTL_MS'), '45000')
  assert.equal(valueOf('mixer', 'INVITE_TTL_MS'), undefined)
  assert.equal(valueOf('mixer', 'LOG_LEVEL'), 'warn')
  assert.equal(valueOf('state-machine', 'LOG_LEVEL'), 'debug')
})

chartTest('the cloud inside the mixer calls the Service of ingest', async ({ render }) => {
  const objects = await render('minimal', { ingest: { service: { port: 80 } } })
  const mixer = podsOf(objects).get('mixer')?.containers[0]
  assert.equal(mixer?.env.find(({ name }) => name === 'INGEST_URL')?.value, 'http://rooms-roomcast-ingest:80')
  assert.ok(objects.some(({ kind, metadata }) => kind === 'Service' && metadata.name === 'rooms-roomcast-ingest'))
})

const refused: readonly (readonly [what: string, values: Readonly<Record<string, unknown>>, says: RegExp])[] = [
  ['a misspelt value', { ingest: { replica: 3 } }, /replica/],
  ['a misspelt setting', { env: { INVITE_TTL: '1' } }, /INVITE_TTL/],
  ["another service's setting", { edge: { env: { MIX_TIMEOUT_MS: '1' } } }, /MIX_TIMEOUT_MS/],
  ['a number in the place of text', { env: { EDGE_DRAIN_MS: 5000 } }, /EDGE_DRAIN_MS/],
  ['text in the place of a number', { env: { EDGE_DRAIN_MS: 'soon' } }, /EDGE_DRAIN_MS/],
  ['a secret as a value', { env: { EDGE_JWT_SECRET: 'very secret' } }, /EDGE_JWT_SECRET/],
  ['a secret in the place of its reference', { secrets: { INGEST_API_KEYS: 'very secret' } }, /INGEST_API_KEYS/],
  ['what the chart sets itself', { env: { KAFKA_SSL: '1' } }, /KAFKA_SSL/],
  ['the mixer that needs a media server beside it', { env: { MIXER_ADAPTER: 'ffmpeg' } }, /MIXER_ADAPTER/],
  ['a key without a value', { monitoring: { rules: null } }, /missing property 'rules'/],
  ['a name that no object can have', { fullnameOverride: 'Rooms_1' }, /fullnameOverride/],
  ['no brokers', { kafka: { brokers: null } }, /brokers/],
  ['no registry', { registry: { url: '' } }, /registry\.url is empty/],
  ['no key of the app servers', { secrets: { INGEST_API_KEYS: null } }, /secrets\.INGEST_API_KEYS is missing/],
  ['no key of the tokens', { secrets: { EDGE_JWT_SECRET: null } }, /EDGE_JWKS_URL are missing/],
  ['a cloud without keys', { env: { MIXER_ADAPTER: 'aliyun' } }, /secrets\.ALIYUN_ACCESS_KEY_ID is missing/],
  ['a password that is nowhere', { kafka: { sasl: { mechanism: 'plain' } } }, /kafka\.sasl\.secret is empty/],
  ['more instances than partitions', { stateMachine: { replicas: 13 } }, /stateMachine has more instances than/],
  [
    'as many in-sync replicas as replicas',
    { setup: { replication: 3, minInSyncReplicas: 3 } },
    /no broker could be away/,
  ],
  ['a CA without TLS', { kafka: { tls: { ca: { secret: 'ca' } } } }, /kafka\.tls\.enabled is false/],
  [
    "one service's certificate without TLS",
    { kafka: { users: { edge: { certificate: 'edge' } } } },
    /kafka\.users\.edge\.certificate is given/,
  ],
  ['a CA that is nowhere', { registry: { ca: { key: 'ca.crt' } } }, /registry\.ca: name the Secret or the ConfigMap/],
  ['a CA in two places', { registry: { ca: { secret: 'a', configMap: 'b' } } }, /registry\.ca: name the Secret or/],
  [
    'fewer instances at most than at least',
    { edge: { autoscaling: { enabled: true, minReplicas: 30 } } },
    /edge\.autoscaling\.minReplicas is above maxReplicas/,
  ],
  ['KEDA without Prometheus', { keda: { enabled: true } }, /keda\.prometheusUrl is empty/],
]

for (const [what, values, says] of refused) {
  chartTest(`${what} is refused, and the message names it`, async ({ render }) => {
    await assert.rejects(render('minimal', values), says)
  })
}
