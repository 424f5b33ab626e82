import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { describeEnvironment } from '../../deploy/local/environment.ts'
import { services } from '../../deploy/local/services.ts'
import { startMonitoring, type Monitoring } from '../../deploy/observability/monitoring.ts'
import { readAlerts, skipWithoutMonitoring } from '../support/monitoring.ts'
import { until } from '../support/until.ts'

const anHourMs = 3_600_000

let monitoring: Monitoring
let dataDir: string

before(async () => {
  if (skipWithoutMonitoring !== false) return
  dataDir = await mkdtemp(join(tmpdir(), 'roomcast-routing-'))
  // Nothing runs there. With its real pauses Prometheus would notice after a minute.
  const variables = Object.fromEntries(services.map(({ adminPort }) => [adminPort, '1']))
  const environment = describeEnvironment(variables)
  monitoring = await startMonitoring({ dataDir, environment, ports: { prometheus: 0, alertmanager: 0 } })
})
after(async () => {
  await monitoring?.stop()
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true })
})

/** An alert as `Name service`. */
type Named = string

const tell = async (alerts: readonly Named[], endsInMs: number): Promise<void> => {
  const endsAt = new Date(Date.now() + endsInMs).toISOString()
  const body = alerts.map((named) => {
    const [alertname = '', service = ''] = named.split(' ')
    return { labels: { alertname, service, severity: alertname === 'CauseKnown' ? 'none' : 'page' }, endsAt }
  })
  const answer = await fetch(`${monitoring.alertmanagerUrl}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  })
  assert.equal(answer.status, 200)
}

/** A cause and what follows from it, of a service that nothing else is about. */
const last: readonly Named[] = ['ServiceDown last', 'InstanceDown last']

/** Which of these alerts reach somebody when all of them fire. */
const toldOf = async (alerts: readonly Named[]): Promise<readonly Named[]> => {
  await tell(alerts, anHourMs)
  // Alertmanager looks at causes in the order in which they come: when this one has its effect, the others have theirs.
  await tell(last, anHourMs)
  const isSettled = async (): Promise<boolean> =>
    (await readAlerts(monitoring)).some(
      ({ labels, status }) => labels['service'] === 'last' && status.state === 'suppressed',
    )
  await until('Alertmanager has looked at all of them', isSettled)
  const active = (await readAlerts(monitoring)).filter(
    ({ status, labels }) => status.state === 'active' && labels['severity'] !== 'none' && labels['service'] !== 'last',
  )
  await tell([...alerts, ...last], -1_000)
  await until('they are over', async () => (await readAlerts(monitoring)).length === 0)
  return active.map(({ labels }) => `${labels['alertname']} ${labels['service']}`).toSorted()
}

const budgets = ['DeliveryBudgetBurns edge', 'IngestBudgetBurns ingest', 'ProbeBudgetBurns edge']

/** What fires together, the cause first. */
const faults: Readonly<Record<string, readonly Named[]>> = {
  'the state-machine is stopped': ['ServiceDown state-machine', 'InstanceDown state-machine', 'ProbeMissing edge'],
  'ingest is stopped': ['ServiceDown ingest', 'InstanceDown ingest', 'ProbeMissing edge'],
  'the broker is away': [
    'BrokerAway kafka',
    'BrokerSlow kafka',
    'NotReady mixer',
    'ProbeMissing edge',
    'PartitionStalled state-machine',
    'ConsumerBehind edge',
    'TransactionsFail state-machine',
  ],
  'the broker is slow': ['BrokerSlow kafka', 'TransactionsSlow state-machine', 'TimersLate state-machine'],
  'the registry is away and the state-machine starts': [
    'RegistryAway state-machine',
    'RegistryUnreachable registry',
    'NotReady state-machine',
    'ProbeMissing edge',
  ],
  'a partition stands still': [
    'PartitionStalled state-machine',
    'ConsumerBehind state-machine',
    'ProbeMissing edge',
    'TimersLate state-machine',
  ],
}

describe('Alertmanager', { skip: skipWithoutMonitoring }, () => {
  for (const [what, alerts] of Object.entries(faults)) {
    test(`when ${what}, the cause alone is told, and no budget is`, async () => {
      assert.deepEqual(await toldOf([...alerts, ...budgets, 'CauseKnown all']), alerts.slice(0, 1))
    })
  }

  test('a cloud that fails keeps commands waiting, which is not told, but explains no late message', async () => {
    const cause = 'MixCommandsFail mixer'
    assert.deepEqual(await toldOf([cause, 'ConsumerBehind mixer', 'DeliveryBudgetBurns edge']), [
      'DeliveryBudgetBurns edge',
      cause,
    ])
  })

  test('what another service does is no reason to be silent', async () => {
    const alerts = ['ServiceDown mixer', 'ConsumerBehind edge', 'NotReady ingest', 'PartitionStalled state-machine']
    assert.deepEqual(await toldOf(alerts), alerts.toSorted())
  })

  test('of markers that are missing one is told', async () => {
    assert.deepEqual(await toldOf(['ProbeMissing edge', 'ProbeBudgetBurns edge']), ['ProbeMissing edge'])
  })
})
