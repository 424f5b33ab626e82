import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const Labels = z.record(z.string(), z.string()).default({})

/** What every object of Kubernetes has. */
export const KubernetesObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), labels: Labels, annotations: Labels }),
})
export type KubernetesObject = z.infer<typeof KubernetesObject>

const SecretKey = z.strictObject({ name: z.string(), key: z.string() })
const Variable = z.strictObject({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.strictObject({ secretKeyRef: SecretKey }).optional(),
})
const Probe = z.looseObject({ httpGet: z.object({ path: z.string(), port: z.string() }) })

const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z.array(Variable).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean() })).default([]),
  lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }).optional(),
  startupProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
  resources: z.object({ requests: Labels, limits: Labels }),
})
export type Container = z.infer<typeof Container>

const PodSpec = z.looseObject({
  terminationGracePeriodSeconds: z.number().optional(),
  automountServiceAccountToken: z.boolean(),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
  containers: z.tuple([Container]),
})
export type PodSpec = z.infer<typeof PodSpec>

/** The objects of a rendered chart, in its order. */
export const parseObjects = (manifest: string): readonly KubernetesObject[] =>
  parseAllDocuments(manifest)
    .map((document): unknown => document.toJS())
    .filter((value) => value !== null)
    .map((value) => KubernetesObject.parse(value))

const Templated = z.looseObject({ spec: z.looseObject({ template: z.object({ spec: PodSpec }) }) })
const Plain = z.looseObject({ spec: PodSpec })

/** The pods that the objects ask for, by component: the services, the setup, the test. */
export const podsOf = (objects: readonly KubernetesObject[]): ReadonlyMap<string, PodSpec> =>
  new Map(
    objects
      .filter(({ kind }) => ['Deployment', 'Job', 'Pod'].includes(kind))
      .map((object) => {
        const component = object.metadata.labels['app.kubernetes.io/component'] ?? ''
        const spec = object.kind === 'Pod' ? Plain.parse(object).spec : Templated.parse(object).spec.template.spec
        return [component, spec] as const
      }),
  )

export const ofKind = (objects: readonly KubernetesObject[], kind: string): readonly KubernetesObject[] =>
  objects.filter((object) => object.kind === kind)
