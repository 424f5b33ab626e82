// deadline: 240 s
import assert from 'node:assert/strict'
import { z } from 'zod'
import { closeDeadlineMs as edgeCloseDeadlineMs } from '../../services/edge/config.ts'
import { defaultCloseDeadlineMs } from '../../services/shared/service.ts'
import { chartTest } from './chart-stage.ts'
import { ofKind, podsOf } from './objects.ts'

const services = ['ingest', 'state-machine', 'mixer', 'edge']

/** As the protocol has them, section "Ports and commands". */
const ports: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ingest: { http: 8080, admin: 9464 },
  'state-machine': { admin: 9465 },
  mixer: { admin: 9467 },
  edge: { http: 8081, admin: 9466 },
}

chartTest('there is one Deployment for each service, and its argument is its name', async ({ examples, render }) => {
  for (const example of examples) {
    const objects = await render(example)
    const deployments = ofKind(objects, 'Deployment')
    assert.equal(deployments.length, services.length)
    assert.deepEqual(
      new Set(deployments.map(({ metadata }) => metadata.labels['app.kubernetes.io/component'])),
      new Set(services),
    )
    const pods = podsOf(objects)
    for (const service of services) assert.deepEqual(pods.get(service)?.containers[0].args, [service])
    assert.deepEqual(pods.get('setup')?.containers[0].args, ['setup'])
  }
})

chartTest(
  'a pod has time for preStop and for the longest that its service takes to stop',
  async ({ examples, render }) => {
    for (const example of examples) {
      const pods = podsOf(await render(example))
      for (const service of services) {
        const pod = pods.get(service)
        assert.ok(pod?.terminationGracePeriodSeconds)
        const closeMs = service === 'edge' ? edgeCloseDeadlineMs : defaultCloseDeadlineMs
        const preStopSeconds = pod.containers[0].lifecycle?.preStop.sleep.seconds ?? 0
        assert.ok(
          pod.terminationGracePeriodSeconds * 1_000 > preStopSeconds * 1_000 + closeMs,
          `${example}, ${service}`,
        )
        const hasCallers = 'http' in (ports[service] ?? {})
        assert.equal(preStopSeconds > 0, hasCallers, `${service}: only who is called has to wait for load balancers`)
      }
    }
  },
)

chartTest('containers and Services have the ports of the protocol', async ({ render }) => {
  const objects = await render('minimal')
  const pods = podsOf(objects)
  for (const [service, wanted] of Object.entries(ports)) {
    const found = pods
      .get(service)
      ?.containers[0].ports.map(({ name, containerPort }) => [name, containerPort] as const)
    assert.deepEqual(Object.fromEntries(found ?? []), wanted)
  }
  const Ports = z.looseObject({
    spec: z.looseObject({ ports: z.array(z.looseObject({ port: z.number(), targetPort: z.string() })) }),
  })
  const offered = ofKind(objects, 'Service').flatMap((service) =>
    Ports.parse(service).spec.ports.map(({ port, targetPort }) => `${service.metadata.name} ${targetPort} ${port}`),
  )
  assert.deepEqual(offered.toSorted(), [
    'rooms-roomcast-edge http 8081',
    'rooms-roomcast-edge-admin admin 9466',
    'rooms-roomcast-ingest http 8080',
    'rooms-roomcast-ingest-admin admin 9464',
    'rooms-roomcast-mixer-admin admin 9467',
    'rooms-roomcast-state-machine-admin admin 9465',
  ])
})

chartTest('nothing but a stuck process is restarted: liveness does not ask whether it is ready', async ({ render }) => {
  const pods = podsOf(await render('minimal'))
  for (const service of services) {
    const container = pods.get(service)?.containers[0]
    assert.equal(container?.livenessProbe?.httpGet.path, '/healthz')
    assert.equal(container.startupProbe?.httpGet.path, '/healthz')
    assert.equal(container.readinessProbe?.httpGet.path, '/readyz')
  }
})

chartTest(
  'every pod runs as nobody in particular, on a file system that it cannot write',
  async ({ examples, render }) => {
    const Secured = z.looseObject({
      automountServiceAccountToken: z.literal(false),
      securityContext: z.looseObject({
        runAsNonRoot: z.literal(true),
        seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
      }),
      containers: z.tuple([
        z.looseObject({
          securityContext: z.strictObject({
            allowPrivilegeEscalation: z.literal(false),
            readOnlyRootFilesystem: z.literal(true),
            capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
          }),
        }),
      ]),
    })
    for (const example of examples) {
      const pods = podsOf(await render(example))
      assert.equal(pods.size, services.length + 2)
      for (const pod of pods.values()) Secured.parse(pod)
    }
  },
)

chartTest('memory is limited to what is asked for, processor time is not limited', async ({ render }) => {
  for (const pod of podsOf(await render('minimal')).values()) {
    const { requests, limits } = pod.containers[0].resources
    assert.equal(limits['memory'], requests['memory'])
    assert.ok(requests['cpu'])
    assert.equal(limits['cpu'], undefined)
  }
})
