import { z } from 'zod'
import { environmentSchema, secretsSchema } from './environment-schema.ts'
import { shapes, type ServiceKey } from './services.ts'

const text = z.string()
const flag = z.boolean()
const count = z.int().min(1)
const some = z.int().min(0)
const percent = z.int().min(1).max(100)
const texts = z.record(z.string(), z.string())
/** What Kubernetes itself describes: `kubeconform` and the API server check it. */
const any = z.looseObject({})
const peers = z.array(any)
const ports = z.array(z.int().min(1).max(65_535))
/** The beginning of the names of objects. */
const objectName = z.string().regex(/^([a-z]([-a-z0-9]*[a-z0-9])?)?$/)
const httpUrl = z.string().regex(/^(https?:\/\/\S+)?$/)

const authority = z.strictObject({ secret: text.optional(), configMap: text.optional(), key: text.optional() })
const kafkaUser = z.strictObject({ secret: text.optional(), username: text.optional(), certificate: text.optional() })

/** Stand-ins, replaced by what the services' own settings say. */
const environment = (of: ServiceKey | 'all') => z.looseObject({}).meta({ environment: of })
const secrets = (of: ServiceKey | 'all') => z.looseObject({}).meta({ secrets: of })

const autoscaling = { enabled: flag, minReplicas: count, maxReplicas: count, cpuPercent: percent }

const service = (key: ServiceKey) => ({
  replicas: some,
  resources: any.optional(),
  /** The service may then still take as long as it needs to stop. */
  preStopSeconds: z.int().min(0).max(120),
  env: environment(key),
  secrets: secrets(key),
  podAnnotations: texts.optional(),
})

const reachable = {
  service: z.strictObject({ type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']), port: count, annotations: texts }),
  ingress: z.strictObject({ enabled: flag, className: text, host: text, annotations: texts, tlsSecret: text }),
}

const Values = z.strictObject({
  global: any.optional(),
  image: z.strictObject({
    repository: text.min(1),
    tag: text,
    digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
    pullSecrets: z.array(text),
  }),
  nameOverride: objectName,
  fullnameOverride: objectName,
  env: environment('all'),
  secrets: secrets('all'),
  kafka: z.strictObject({
    brokers: z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/)),
    tls: z.strictObject({
      enabled: flag,
      ca: authority,
      certificate: z.strictObject({ secret: text, certKey: text, keyKey: text }),
    }),
    sasl: z.strictObject({
      mechanism: z.enum(['', 'plain', 'scram-sha-256', 'scram-sha-512']),
      secret: text,
      username: text,
      usernameKey: text,
      passwordKey: text,
    }),
    users: z.strictObject({
      ingest: kafkaUser.optional(),
      stateMachine: kafkaUser.optional(),
      mixer: kafkaUser.optional(),
      edge: kafkaUser.optional(),
      setup: kafkaUser.optional(),
    }),
  }),
  registry: z.strictObject({ url: httpUrl, secret: text, usernameKey: text, passwordKey: text, ca: authority }),
  setup: z.strictObject({
    enabled: flag,
    partitions: count,
    replication: count,
    minInSyncReplicas: count,
    deadlineSeconds: count,
    resources: any.optional(),
  }),
  ingest: z.strictObject({ ...service('ingest'), ...reachable, autoscaling: z.strictObject(autoscaling) }),
  stateMachine: z.strictObject({
    ...service('stateMachine'),
    autoscaling: z.strictObject({ ...autoscaling, lagMessages: some }),
  }),
  mixer: z.strictObject({ ...service('mixer'), autoscaling: z.strictObject({ ...autoscaling, lagMessages: some }) }),
  edge: z.strictObject({
    ...service('edge'),
    ...reachable,
    autoscaling: z.strictObject({ ...autoscaling, connections: some }),
  }),
  keda: z.strictObject({ enabled: flag, prometheusUrl: httpUrl }),
  podDisruptionBudgets: flag,
  nodeSelector: texts.optional(),
  tolerations: z.array(any).optional(),
  priorityClassName: text,
  topologyKeys: z.array(text).optional(),
  podSecurityContext: any.optional(),
  serviceAccount: z.strictObject({ create: flag, name: text, annotations: texts }),
  networkPolicy: z.strictObject({
    enabled: flag,
    ingestFrom: peers,
    edgeFrom: peers,
    adminFrom: peers,
    dnsTo: peers,
    kafkaTo: peers,
    kafkaPorts: ports,
    registryTo: peers,
    registryPorts: ports,
    jwksTo: peers,
    jwksPorts: ports,
    tracesTo: peers,
    tracesPorts: ports,
    cloudTo: peers,
  }),
  monitoring: z.strictObject({
    serviceMonitor: z.strictObject({ enabled: flag, interval: text, labels: texts }),
    rules: z.strictObject({ enabled: flag, labels: texts }),
    dashboards: z.strictObject({ enabled: flag, labels: texts, annotations: texts }),
    runbookUrl: text,
    dashboardsUrl: text,
  }),
})

const isKey = (word: unknown): word is ServiceKey => typeof word === 'string' && word in shapes
const shapesOf = (of: unknown) => (isKey(of) ? [shapes[of]] : Object.values(shapes))

/**
 * The schema of values.yaml, as text. What has a default is required all the same: Helm looks at a file of values together with the
 * defaults, and a key without a value takes its default away.
 */
export const createValuesSchema = (): string => {
  const schema = z.toJSONSchema(Values, {
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      const { environment: ofEnvironment, secrets: ofSecrets } = jsonSchema
      delete jsonSchema['environment']
      delete jsonSchema['secrets']
      if (ofEnvironment !== undefined) Object.assign(jsonSchema, environmentSchema(shapesOf(ofEnvironment)))
      if (ofSecrets !== undefined) Object.assign(jsonSchema, secretsSchema(shapesOf(ofSecrets)))
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  return `${JSON.stringify(schema, null, 1)}\n`
}
