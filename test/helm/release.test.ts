// deadline: 240 s
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { chartFolder, chartTest } from './chart-stage.ts'
import { ofKind, podsOf, type KubernetesObject } from './objects.ts'

const services = ['ingest', 'state-machine', 'mixer', 'edge']

/** Where a volume's content comes from. */
const Volume = z.looseObject({ name: z.string(), secret: z.looseObject({ secretName: z.string() }).optional() })

chartTest(
  'each service has the user of Kafka that is its own, as files that follow when they are renewed',
  async ({ render }) => {
    const pods = podsOf(await render('secured-kafka'))
    for (const component of [...services, 'setup']) {
      const pod = pods.get(component)
      const container = pod?.containers[0]
      assert.ok(pod && container)
      const user = pod.volumes.map((volume) => Volume.parse(volume)).find(({ name }) => name === 'kafka-user')
      assert.equal(user?.secret?.secretName, `roomcast-${component}`)
      const value = (name: string): string => container.env.find((variable) => variable.name === name)?.value ?? ''
      assert.equal(value('KAFKA_SASL_USERNAME'), `roomcast-${component}`)
      const folders = container.volumeMounts.map(({ mountPath }) => mountPath)
      for (const file of ['KAFKA_SASL_PASSWORD_FILE', 'KAFKA_SSL_CA_FILE', 'NODE_EXTRA_CA_CERTS']) {
        assert.ok(
          folders.includes(value(file).replace(/\/[^/]+$/, '')),
          `${component}: ${file} is in no mounted folder`,
        )
      }
      assert.ok(container.volumeMounts.every((mount) => !('subPath' in mount)))
    }
  },
)

chartTest('the setup runs before everything else, at each installation and upgrade', async ({ render }) => {
  const [job] = ofKind(await render('minimal'), 'Job')
  assert.equal(job?.metadata.annotations['helm.sh/hook'], 'pre-install,pre-upgrade')
})

chartTest('an object has no reference to one that is made after it, or not at all', async ({ render }) => {
  const objects = await render('everything')
  const accounts = ofKind(objects, 'ServiceAccount').map(({ metadata }) => metadata.name)
  const Account = z.looseObject({ serviceAccountName: z.string().optional() })
  for (const [component, pod] of podsOf(objects)) {
    const { serviceAccountName } = Account.parse(pod)
    if (component === 'setup' || component === 'test') assert.equal(serviceAccountName, undefined)
    else assert.ok(accounts.includes(serviceAccountName ?? ''))
  }
  const targets = (kind: string): readonly string[] =>
    ofKind(objects, kind).map(({ metadata }: KubernetesObject) => metadata.name)
  assert.deepEqual(targets('ScaledObject'), targets('Deployment'))
})

chartTest('version and image are those of the project', async ({ render }) => {
  const text = await readFile(`${chartFolder}/../../../package.json`, 'utf8')
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(text))
  const [edge] = ofKind(await render('minimal'), 'Deployment')
  assert.equal(edge?.metadata.labels['app.kubernetes.io/version'], version)
  assert.equal(
    podsOf(await render('minimal')).get('edge')?.containers[0].image,
    `images.example.com/roomcast:${version}`,
  )
})
